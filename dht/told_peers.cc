// dht/told_peers.cc
#include "dht/told_peers.h"

namespace phase::dht {

bool ToldPeers::tell(const Endpoint& peer, MonoTime now) {
  const auto known = told_.find(peer);
  if (known != told_.end()) {
    if (now - known->second < kAgain) return false;
    known->second = now;
    return true;
  }
  if (told_.size() >= kMaxPeers) {
    std::erase_if(told_, [&](const auto& one) { return now - one.second >= kAgain; });
  }
  if (told_.size() < kMaxPeers) told_.emplace(peer, now);
  return true;
}

}  // namespace phase::dht
