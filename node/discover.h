// node/discover.h
// What the network says about a channel, without fetching any artifact: `plasmd discover`.
#pragma once

#include <optional>
#include <vector>

#include "dht/lan/lan.h"
#include "node/run_fetch.h"

namespace phase::node {

struct Discovered {
  Root root;                             ///< The newest that was found; it says whose pointer counts.
  std::optional<Pointer> pointer;        ///< The best one, signed by the pointer key.
  std::vector<SignedItem> items;         ///< Of it, as found.
  std::vector<Endpoint> providers;       ///< Learned by get_peers.
  std::vector<dht::LanNode> lan;         ///< Nodes on the link, whatever they serve.
  double pointer_seconds = 0, first_provider_seconds = 0;
  std::optional<VerifiedManifest> manifest;
  std::optional<Error> error;            ///< Why one of the above is missing.
};

/// Looks for `look_for` in all; `options.folder` gets the manifest only.
[[nodiscard]] Discovered run_discover(const FetchOptions& options, const Clock& clock,
                                      std::chrono::milliseconds look_for,
                                      const std::atomic<bool>& cancelled);

}  // namespace phase::node
