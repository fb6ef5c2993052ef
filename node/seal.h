// node/seal.h
// The second half of publishing: artifacts lie measured in a folder of the store; here they
// become a release: manifest signed, checksums, torrent, pointer, moved in. The caller holds the
// store's lock.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "node/authority.h"
#include "node/store.h"
#include "proto/keys.h"
#include "proto/ports.h"

namespace phase::node {

struct SealRequest {
  Bytes envelope;                       ///< manifest.dsse, signed by enough keys.
  Manifest manifest;                    ///< What it says.
  const SecretKey* pointer_key = nullptr;
  const SecretKey* checksums_key = nullptr;  ///< A minisig proves one key.
  std::vector<std::pair<std::string, Bytes>> root_files;  ///< "trust/2.root.dsse", …
  std::vector<ProviderHint> providers;
  std::optional<Floor> floor;           ///< Of its channel, for the pointer's seq.
};
[[nodiscard]] SealRequest seal_request(const Authority& authority, Manifest manifest, Bytes envelope,
                                       std::vector<ProviderHint> providers,
                                       const std::optional<Floor>& floor);

inline constexpr const char* kStagingName = ".publish";
/// The folder below incoming() that a draft's files wait in.
[[nodiscard]] std::string draft_name(const std::string& channel, const std::string& arch);
/// The folder `name` below incoming(), made empty; under the lock.
[[nodiscard]] Result<std::string> open_staging(Store& store, const std::string& name);

/// `staging` is gone afterwards, whether it worked or not.
[[nodiscard]] Result<StoredRelease> seal(Store& store, const Clock& clock,
                                         const std::string& staging, const SealRequest& request);

/// Version after the last one and at least `lowest`, or `given`. kRollback where that is not above
/// the last one that counts, or below `lowest`.
[[nodiscard]] Result<std::uint64_t> next_version(const std::optional<Floor>& floor,
                                                 std::optional<std::uint64_t> given,
                                                 std::uint64_t lowest = 0);

}  // namespace phase::node
