#include "node/first_nodes.h"

#include <algorithm>

namespace phase::node {
namespace {

/// Names of the public network, or somebody public beside them, leave nothing to be decided.
bool names_decide(NetworkChoice choice, const dht::NamedNodes& nodes) {
  if (choice != NetworkChoice::kAuto || nodes.names.empty()) return false;
  const auto& known = dht::default_bootstrap();
  return std::all_of(nodes.literals.begin(), nodes.literals.end(),
                     [](const Endpoint& node) { return node.is_private(); }) &&
         std::none_of(nodes.names.begin(), nodes.names.end(), [&](const std::string& name) {
           return std::find(known.begin(), known.end(), name) != known.end();
         });
}

}  // namespace

dht::NetworkKind choose_network(NetworkChoice choice, const std::vector<Endpoint>& nodes) {
  if (choice == NetworkChoice::kPublic) return dht::NetworkKind::kPublic;
  if (choice == NetworkChoice::kPrivate) return dht::NetworkKind::kPrivate;
  const bool all_private = std::all_of(nodes.begin(), nodes.end(),
                                       [](const Endpoint& node) { return node.is_private(); });
  return all_private ? dht::NetworkKind::kPrivate : dht::NetworkKind::kPublic;
}

Result<FirstNodes> first_nodes(const std::vector<std::string>& bootstrap, NetworkChoice choice,
                               std::chrono::milliseconds patience) {
  auto sorted = dht::sort_nodes(bootstrap);
  if (!sorted) return sorted.error();
  FirstNodes out;
  out.names = sorted->names;
  out.lookup = std::make_unique<dht::NameLookup>(sorted->names);
  out.nodes = sorted->literals;
  if (names_decide(choice, *sorted)) {
    out.lookup->wait(patience);
    for (const Endpoint& found : out.lookup->take()) out.nodes.push_back(found);
  }
  out.network = choose_network(choice, out.nodes);
  const bool nobody_known = out.nodes.empty() && !out.names.empty();
  if (nobody_known && choice == NetworkChoice::kAuto) out.network = dht::NetworkKind::kPublic;
  return out;
}

}  // namespace phase::node
