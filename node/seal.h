// node/seal.h
// The second half of publishing: artifacts lie measured in a folder of the store; here they
// become a release: manifest signed, checksums, torrent, pointer, moved in. The caller holds the
// store's lock.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "node/store.h"
#include "proto/keys.h"
#include "proto/ports.h"

namespace phase::node {

struct SealRequest {
  std::vector<const SecretKey*> keys;   ///< As in PublishOptions.
  std::vector<ProviderHint> providers;
  Manifest manifest;                    ///< Complete, with its release version.
  std::optional<Floor> floor;           ///< Of its channel, for the pointer's seq.
};

/// The folder that artifacts are put into, made empty; one at a time, under the lock.
[[nodiscard]] Result<std::string> open_staging(Store& store);

/// `staging` is gone afterwards, whether it worked or not.
[[nodiscard]] Result<StoredRelease> seal(Store& store, const Clock& clock,
                                         const std::string& staging, const SealRequest& request);

/// Version after the last one, or `given`. kRollback where that is not above the last one.
[[nodiscard]] Result<std::uint64_t> next_version(const std::optional<Floor>& floor,
                                                 std::optional<std::uint64_t> given);

}  // namespace phase::node
