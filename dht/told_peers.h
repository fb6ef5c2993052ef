// dht/told_peers.h
// Peers of a release that libtorrent was told of lately. It sends a DHT message to a peer each time
// that it is told (torrent::add_peer), and twenty nodes that name the same provider would make it one
// of those who ignore us: after 50 messages in 10 s. Pure: the owner passes the time in.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>

#include "proto/endpoint.h"
#include "proto/ports.h"

namespace phase::dht {

class ToldPeers {
 public:
  /// libtorrent itself tries a peer again that it knows, after two seconds.
  static constexpr std::chrono::seconds kAgain{5};
  /// Remembered; more of them are told each time.
  static constexpr std::size_t kMaxPeers = 4096;

  /// Whether libtorrent is to be told of `peer` now; counts as told where it is.
  [[nodiscard]] bool tell(const Endpoint& peer, MonoTime now);

 private:
  std::map<Endpoint, MonoTime> told_;
};

}  // namespace phase::dht
