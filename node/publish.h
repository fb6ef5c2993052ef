// node/publish.h
// Makes a release out of a kernel, an initramfs and more, signs it and puts it into the store.
// Everything is copied into the store first and measured there, so that what is signed is what
// is served. Does not talk to any network: whoever serves the store announces it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "node/store.h"
#include "proto/keys.h"
#include "proto/ports.h"

namespace phase::node {

struct PublishOptions {
  /// All sign the manifest; the first one is the publisher: it signs pointer and SHA256SUMS too.
  std::vector<const SecretKey*> keys;
  std::string channel;
  std::string arch;
  std::string kernel;                   ///< Paths of the operator's files.
  std::string initramfs;
  std::string rootfs;                   ///< Empty: none.
  std::vector<std::string> device_trees;
  std::string cmdline;
  std::optional<std::uint64_t> release_version;  ///< Else the previous one + 1, or 1.
  std::int64_t lifetime = 365 * 86400;  ///< Seconds; 0: never expires.
  std::uint64_t min_memory = 0;         ///< Bytes.
  std::vector<ProviderHint> providers;  ///< Put into the pointer; may be empty.
};

struct RenewOptions {
  std::vector<const SecretKey*> keys;
  std::optional<std::string> channel;   ///< Else every channel of the first key in the store.
  std::int64_t lifetime = 365 * 86400;
};

/// The new release, as it is in the store. Errors: kWrongArch (the kernel is of another
/// architecture; says what was found), kMalformed (no kernel, no initramfs), kRollback (release
/// version not above the last one), kNotFound, kUsage, kStore.
/// Superseded releases are removed, the previous one is kept.
[[nodiscard]] Result<StoredRelease> publish(Store& store, const Clock& clock,
                                            const PublishOptions& options);

/// The same artifacts with a later expiry. A manifest is part of its torrent, so this is a release
/// of its own: its version is the previous one + 1. Files are shared on disk with the previous one.
[[nodiscard]] Result<std::vector<StoredRelease>> renew(Store& store, const Clock& clock,
                                                       const RenewOptions& options);

}  // namespace phase::node
