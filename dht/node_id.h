// dht/node_id.h
// Node ids of the DHT: how near one is to a target, and whether it fits its address. Pure.
#pragma once

#include <vector>

#include "proto/endpoint.h"
#include "proto/hash.h"

namespace phase::dht {

/// A node as another one names it: nobody has seen it answer.
struct DhtContact {
  Sha1 id{};
  Endpoint at;
  bool operator==(const DhtContact&) const = default;
};

/// XOR (BEP 5); the less, the nearer.
[[nodiscard]] Sha1 distance(const Sha1& a, const Sha1& b);

/// BEP 42: an address can have few ids, so that nobody chooses one beside a target. Private
/// addresses are exempt.
[[nodiscard]] bool id_fits_address(const Sha1& id, const Endpoint& at);

/// Where a session stands: what it needs to know before it asks a node that a stranger names.
struct Standpoint {
  bool public_network = false;
  std::vector<Endpoint> own;  ///< Where it listens; who is reached by its address families.
};

/// Whether a named node can be one: not ourselves, not port 0, no address of many or of nobody, an
/// address family of ours; on the public network no private address, which would be a host near us
/// that the stranger wants packets to go to.
[[nodiscard]] bool can_be_asked(const Endpoint& named, const Standpoint& standpoint);

}  // namespace phase::dht
