// node/publish_output.h
// What `plasmd publish` prints.
#pragma once

#include <string>
#include <vector>

#include "node/publish.h"

namespace phase::node {

/// Until when a network that shows a machine nothing newer can keep it on this release: its expiry
/// or its root's, whichever comes first. seconds == 0: for ever.
[[nodiscard]] WallTime kept_until(const Store& store, const StoredRelease& release);

[[nodiscard]] std::string published_text(const Store& store,
                                         const std::vector<StoredRelease>& releases);
[[nodiscard]] std::string published_json(const Store& store,
                                         const std::vector<StoredRelease>& releases);
[[nodiscard]] std::string draft_text(const Draft& draft, const std::string& path);

}  // namespace phase::node
