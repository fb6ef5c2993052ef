// proto/trust.h
// The trust policy: which keys a machine believes for a channel, and from when on. A single
// public key is virtual root version 1: root, release and pointer key, threshold 1.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "proto/keys.h"
#include "proto/manifest.h"
#include "proto/ports.h"
#include "proto/result.h"

namespace phase {

struct TrustPolicy {
  std::vector<PublicKey> release_keys;
  std::size_t release_threshold = 1;
  std::vector<PublicKey> pointer_keys;             ///< At most three; all are asked.
  bool locked = false;                             ///< The command line cannot override it.
  std::map<std::string, std::uint64_t> min_version;///< By channel.
  WallTime time_floor;                             ///< Build time of the initramfs; 0: none.
  std::vector<std::string> mirrors;                ///< http:// URLs of providers.
  std::vector<std::string> bootstrap;              ///< HOST:PORT.
  std::vector<std::string> append_allowed;         ///< Keys that phase.append may pass.
};

/// Virtual root 1.
[[nodiscard]] TrustPolicy trust_single_key(const PublicKey& key);

/// /etc/phase/trust.toml; format page docs/TRUST-FILE.md. kConfig names line and rule.
[[nodiscard]] Result<TrustPolicy> parse_trust_file(std::string_view toml);
[[nodiscard]] std::string serialize_trust_file(const TrustPolicy& policy);

/// What a machine asks for and what it knows about time.
struct Expectation {
  std::string channel;
  std::string arch;
  std::uint64_t min_version = 0;  ///< Highest floor known besides the policy's own.
  WallTime now;                   ///< The machine's clock; raised to the time floor before use.
};

struct VerifiedManifest {
  Manifest manifest;
  Sha256 envelope_sha256{};  ///< Of the whole manifest.dsse.
  std::string signed_by;     ///< Key ids, comma separated.
};

/// Every rule that a manifest must pass before anything else of its release is fetched:
/// signatures, then channel, architecture, expiry, version floor; in this order.
[[nodiscard]] Result<VerifiedManifest> verify_manifest(ByteView untrusted_envelope,
                                                       const TrustPolicy& policy,
                                                       const Expectation& expected);

}  // namespace phase
