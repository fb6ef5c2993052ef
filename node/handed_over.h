// node/handed_over.h
// What the boot that led to this system left in /phase (docs/HANDOVER.md), as a provider's: whom to
// follow, where the DHT may begin, and the release, which is served from where it lies.
//
// Nothing in the folder is believed because of where it lies but what trust begins with (trust.toml,
// else the key in boot.json): that is what the system was booted by. Reads only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "boot/origin.h"
#include "node/follow.h"
#include "node/store.h"

namespace phase::node {

struct HandedPapers {
  std::string folder;
  boot::Origin origin;
  FollowTarget target;          ///< Whoever published what was booted.
  std::vector<Endpoint> nodes;  ///< DHT nodes that answered; unchecked, at most 64.
};
/// kNotFound where nothing was handed over, kMalformed and kConfig for papers that are none.
[[nodiscard]] Result<HandedPapers> read_handed_papers(const std::string& folder);

/// Hashes every artifact and checks every signature anew; `now` decides about expiry. Errors:
/// kNotFound (the release, its .torrent or its pointer was left out), and those of
/// verify_release() and decode_items().
[[nodiscard]] Result<IncomingRelease> check_handed_release(const HandedPapers& papers,
                                                           WallTime now);

/// For a node that has to fetch after all: what of it lies there need not come. None where the
/// release was left out.
[[nodiscard]] std::optional<boot::OlderRelease> handed_as_older(const HandedPapers& papers);

}  // namespace phase::node
