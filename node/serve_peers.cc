// A node that tells over HTTP which peers have what it serves: for machines behind a network that
// drops UDP, which find nobody by the DHT.
#include <algorithm>

#include "node/serve.h"

namespace phase::node {
namespace {

constexpr std::chrono::seconds kTellEvery{10};

/// Where others reach `peer`: whom we connected to, and who said where he takes connections.
std::optional<Endpoint> reached_at(const dht::PeerAccount& peer) {
  if (peer.banned) return std::nullopt;
  Endpoint at = peer.peer;
  const bool came_to_us = peer.source.incoming && !peer.source.dht && !peer.source.pex &&
                          !peer.source.lan && !peer.source.given;
  if (came_to_us) at.port = peer.listen_port;
  return at.port == 0 ? std::nullopt : std::optional(at);
}

/// Of this node; those of the host itself only where there are no others.
std::vector<Endpoint> own(std::vector<Endpoint> listening) {
  const auto elsewhere = [](const Endpoint& at) { return !at.is_loopback(); };
  if (std::any_of(listening.begin(), listening.end(), elsewhere)) {
    std::erase_if(listening, [](const Endpoint& at) { return at.is_loopback(); });
  }
  return listening;
}

}  // namespace

void Node::tell_peers(MonoTime now) {
  if (now < next_tell_peers_) return;
  next_tell_peers_ = now + kTellEvery;
  std::vector<dht::Infohashes> served;
  for (const StoredRelease& release : store_.releases()) {
    if (seeded_.contains(release.name)) served.push_back(release.info.infohashes);
  }
  if (peer_search_) peer_search_->tick(now, served);
  PeerTable table;
  for (const StoredRelease& release : store_.releases()) {
    const auto seeded = seeded_.find(release.name);
    if (seeded == seeded_.end()) continue;
    // This node first: whoever asks has just reached it.
    std::vector<Endpoint> peers = own(session_->listening());
    const auto add = [&](const Endpoint& at) {
      if (std::find(peers.begin(), peers.end(), at) == peers.end()) peers.push_back(at);
    };
    for (const dht::PeerAccount& peer : session_->peers(seeded->second)) {
      if (const auto at = reached_at(peer)) add(*at);
    }
    if (peer_search_) {
      for (const Endpoint& at : peer_search_->peers(release.info.infohashes.v1)) add(at);
    }
    if (peers.empty()) continue;
    table[to_hex(release.info.infohashes.v1)] = peers;
    table[to_hex(release.info.infohashes.v2)] = std::move(peers);
  }
  http_->set_peers(table);
}

}  // namespace phase::node
