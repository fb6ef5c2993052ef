// node/first_nodes.h
// DHT nodes to begin with, of the names and addresses that the operator gave: what is known at once,
// what the resolver is asked for beside everything else, and which kind of network that is.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "dht/resolve.h"
#include "dht/session.h"
#include "proto/result.h"

namespace phase::node {

enum class NetworkChoice : std::uint8_t { kAuto, kPublic, kPrivate };

/// kAuto: private where every node to begin with has a private address.
[[nodiscard]] dht::NetworkKind choose_network(NetworkChoice choice,
                                              const std::vector<Endpoint>& nodes);

struct FirstNodes {
  std::vector<Endpoint> nodes;
  std::vector<std::string> names;            ///< HOST:PORT.
  dht::NetworkKind network = dht::NetworkKind::kPublic;
  std::unique_ptr<dht::NameLookup> lookup;   ///< Of `names`; under way.
};
/// Waits for names, `patience` at most, only where they alone tell the kind of network: where none has
/// come by then, it is the public one. kUsage where one of `bootstrap` is no HOST:PORT.
[[nodiscard]] Result<FirstNodes> first_nodes(const std::vector<std::string>& bootstrap,
                                             NetworkChoice choice,
                                             std::chrono::milliseconds patience);

}  // namespace phase::node
