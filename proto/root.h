// proto/root.h
// Root documents: who may sign what. One names the keys of the three roles and how many of them
// must agree: root (the next root document), release (manifests), pointer (where the newest
// release is). Release and pointer keys are granted by channel and architecture. Version N+1
// takes the place of N by proto/trust_engine.h's rules, which are those of the TUF client workflow.
// Format page: docs/TRUST.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/bytes.h"
#include "proto/hash.h"
#include "proto/keys.h"
#include "proto/ports.h"
#include "proto/result.h"
#include "proto/signers.h"

namespace phase {

inline constexpr const char* kRootType = "application/vnd.phase-boot.root.v1+protobuf";
inline constexpr std::size_t kMaxRootBytes = std::size_t{16} * 1024;  ///< One document, signed.
/// Of those, the payload: the envelope and kMaxSignatures signatures, old keys' and new ones', fit
/// beside it.
inline constexpr std::size_t kMaxRootPayloadBytes = std::size_t{13} * 1024;
inline constexpr std::size_t kMaxRoleKeys = 16;
inline constexpr std::size_t kMaxGrants = 32;       ///< Of each role.
inline constexpr std::size_t kMaxPointerKeys = 3;   ///< Each is asked for under three salts.
inline constexpr std::size_t kMaxFloors = 64;
inline constexpr std::uint64_t kMaxRootCounter = 64;  ///< What a TPM tells apart (docs/TPM.md).

/// Keys for some channels and architectures. An empty list means every one.
struct Grant {
  std::vector<std::string> channels;
  std::vector<std::string> archs;  ///< Normalised.
  RoleKeys signers;
  [[nodiscard]] bool covers(std::string_view channel, std::string_view arch) const;
  bool operator==(const Grant&) const = default;
};

struct VersionFloor {
  std::string channel;  ///< Empty: every channel.
  std::string arch;     ///< Empty: every architecture.
  std::uint64_t release_version = 0;
  bool operator==(const VersionFloor&) const = default;
};

struct Root {
  std::uint64_t version = 1;   ///< Never 0.
  WallTime created;
  WallTime expires;            ///< seconds == 0: never.
  /// What a machine with a TPM keeps in its NV counter and never goes below; never falls.
  std::uint64_t counter = 0;
  RoleKeys root;
  std::vector<Grant> release;  ///< The first that covers channel and architecture decides.
  std::vector<Grant> pointer;  ///< The same; threshold 1, at most kMaxPointerKeys keys each.
  std::vector<VersionFloor> floors;

  /// Who signs manifests of (channel, arch); null: nobody may.
  [[nodiscard]] const RoleKeys* release_role(std::string_view channel, std::string_view arch) const;
  /// Whose pointers of (channel, arch) count; empty: nobody's.
  [[nodiscard]] std::vector<PublicKey> pointer_keys(std::string_view channel,
                                                    std::string_view arch) const;
  /// No release of (channel, arch) below this is accepted.
  [[nodiscard]] std::uint64_t floor(std::string_view channel, std::string_view arch) const;
  /// PublicKey::id() of the first root key: what a chain is called in the DHT and over HTTP.
  [[nodiscard]] std::string name() const;
  bool operator==(const Root&) const = default;
};

/// A single key: root version 1 that was never written down. It is root, release and pointer key
/// for everything, threshold 1, and does not expire.
[[nodiscard]] Root virtual_root(const PublicKey& key);

/// The first rule that `root` breaks by itself: a version of 0, a threshold below 1 or above the
/// number of distinct keys, a key twice in a role, no key, over a limit, a bad name.
[[nodiscard]] std::optional<std::string> broken_root_rule(const Root& root);

/// Deterministic; the payload that is signed. kUsage names the first broken rule.
[[nodiscard]] Result<Bytes> encode_root(const Root& root);
/// `payload` of a document of kRootType, whoever signed it. kMalformed names the broken rule.
[[nodiscard]] Result<Root> decode_root(ByteView payload);

/// Where in the DHT the holders of the document after `root` announce themselves:
/// SHA-1("phase/1/root" ‖ Root::name() ‖ version + 1 in decimal).
[[nodiscard]] Sha1 next_root_target(const Root& root);
/// The path of everything after `root` over HTTP: /trust/<name>/<version + 1>.roots
[[nodiscard]] std::string next_root_path(const Root& root);

}  // namespace phase
