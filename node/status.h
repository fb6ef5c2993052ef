// node/status.h
// What a running node says of itself: JSON for `plasmd status` and the page, Prometheus text for
// scrapers (prometheus.io/docs/instrumenting/exposition_formats). Read-only; the owner's thread.
#pragma once

#include <string>

#include "node/serve.h"

namespace phase::node {

[[nodiscard]] std::string status_json(const Node& node, WallTime now);
/// A node on the link, by its own word; one JSON object.
[[nodiscard]] std::string lan_node_json(const dht::LanNode& node);
[[nodiscard]] std::string metrics_text(const Node& node, WallTime now);
/// status_json() as lines for a person; kMalformed where it is none of ours.
[[nodiscard]] Result<std::string> status_text(std::string_view json);

}  // namespace phase::node
