// proto/trust.h
// The trust policy: where a machine's trust begins, and from when on. A single public key is
// virtual root version 1: root, release and pointer key, threshold 1. The rules themselves are
// proto/trust_engine.h's; this reads the documents and drives it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "proto/keys.h"
#include "proto/manifest.h"
#include "proto/option_rule.h"
#include "proto/ports.h"
#include "proto/result.h"
#include "proto/root.h"

namespace phase {

struct TrustPolicy {
  Root root;                                       ///< Where trust begins; newer ones follow from it.
  Bytes root_document;                             ///< Its envelope; empty: it was never written.
  bool locked = false;                             ///< The command line cannot override it.
  std::map<std::string, std::uint64_t> min_version;///< By channel.
  WallTime time_floor;                             ///< Build time of the initramfs; 0: none.
  std::vector<std::string> mirrors;                ///< http:// URLs of providers.
  std::vector<std::string> bootstrap;              ///< HOST:PORT.
  /// What may pass into the next command line unsigned.
  std::vector<OptionRule> command_line = default_option_rules();
};

/// virtual_root() and nothing else.
[[nodiscard]] TrustPolicy trust_single_key(const PublicKey& key);

/// /etc/phase/trust.toml; format page docs/TRUST-FILE.md. kConfig names line and rule.
[[nodiscard]] Result<TrustPolicy> parse_trust_file(std::string_view toml);
[[nodiscard]] std::string serialize_trust_file(const TrustPolicy& policy);

/// What a machine asks for and what it knows about time.
struct Expectation {
  std::string channel;
  std::string arch;
  std::uint64_t min_version = 0;  ///< Highest floor known besides the policy's own.
  /// The machine's clock, read once for a whole run; raised to the time floor before use.
  WallTime now;
};

struct VerifiedManifest {
  Manifest manifest;
  Sha256 envelope_sha256{};  ///< Of the whole manifest.dsse.
  std::vector<PublicKey> signers;  ///< Who signed, at least the threshold; in the envelope's order.
  std::string signed_by;     ///< Their ids, comma separated.
};

/// Every rule that a manifest must pass before anything else of its release is fetched, in the
/// order of TrustEngine::admit(); the root is `policy.root`, which is current.
[[nodiscard]] Result<VerifiedManifest> verify_manifest(ByteView untrusted_envelope,
                                                       const TrustPolicy& policy,
                                                       const Expectation& expected);

}  // namespace phase
