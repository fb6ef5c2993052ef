#include "node/peer_search.h"

#include <algorithm>


namespace phase::node {

void PeerSearch::tick(MonoTime now, const std::vector<dht::Infohashes>& releases) {
  std::erase_if(known_, [&](const auto& item) {
    return std::none_of(releases.begin(), releases.end(),
                        [&](const auto& served) { return served.v1 == item.first; });
  });
  for (auto& [infohash, known] : known_) {
    std::erase_if(known.named, [&](const auto& peer) { return now - peer.second > kForget; });
  }
  if (asked_ && (now >= asked_->until || !known_.contains(asked_->infohash))) {
    session_.stop(asked_->lookup);
    asked_.reset();
  }
  if (!asked_) ask_next(now, releases);
}

void PeerSearch::ask_next(MonoTime now, const std::vector<dht::Infohashes>& releases) {
  for (const dht::Infohashes& release : releases) {
    Known& known = known_[release.v1];
    if (now < known.next_ask) continue;
    known.next_ask = now + kAskAgain;
    asked_ = {release.v1, session_.find_providers(release), now + kAskFor};
    return;
  }
}

void PeerSearch::handle(const dht::ProvidersFound& found, MonoTime now) {
  if (!asked_ || found.lookup != asked_->lookup) return;
  auto& named = known_[asked_->infohash].named;
  for (const Endpoint& peer : found.peers) {
    if (named.size() < kMaxPeers || named.contains(peer)) named[peer] = now;
  }
}

std::vector<Endpoint> PeerSearch::peers(const Sha1& infohash) const {
  std::vector<Endpoint> out;
  const auto known = known_.find(infohash);
  if (known == known_.end()) return out;
  for (const auto& [peer, when] : known->second.named) out.push_back(peer);
  return out;
}

}  // namespace phase::node
