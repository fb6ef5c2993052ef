#include "dht/pex_limit.h"

#include <algorithm>

namespace phase::dht {
namespace {

constexpr std::size_t kV6NetworkBytes = 8;

Endpoint host_of(Endpoint at) {
  at.port = 0;
  return at;
}

/// Whoever has one IPv6 address has a whole /64.
Endpoint namer_of(Endpoint at) {
  at.port = 0;
  if (at.v6) std::fill(at.address.begin() + kV6NetworkBytes, at.address.end(), std::uint8_t{0});
  return at;
}

}  // namespace

std::vector<Endpoint> PexLimit::admit(const Endpoint& namer, const std::vector<Endpoint>& named) {
  const Endpoint from = namer_of(namer);
  if (!namers_.contains(from) && namers_.size() >= kMaxNamers) return {};
  Named& known = namers_[from];
  std::vector<Endpoint> out;
  for (const Endpoint& peer : named) {
    if (known.peers.size() >= kPeersOfOne) break;
    if (peer.is_loopback() && !namer.is_loopback()) continue;
    std::size_t& ports = known.ports[host_of(peer)];
    if (ports >= kPortsOfHost || !known.peers.insert(peer).second) continue;
    ++ports;
    out.push_back(peer);
  }
  return out;
}

}  // namespace phase::dht
