// dht/rendezvous.h
// Peers of one torrent hear of each other through us (BEP 11). libtorrent's own ut_pex tells its list
// once a minute; a crowd that is switched on together is through by then, or has fetched everything
// from one. Whoever connects hears at once of those that are here and fetch too: of each pair the later
// one hears, which is enough.
//
// It is also the way in which a peer that fetches hears of the others without being in the DHT: libtorrent's
// nodes take whoever announces for a DHT node, and wait 15 s with each put for one that does not answer.
//
// Only for dht/*.cc. Threads: libtorrent's, but for NamedPeers.
#pragma once

#include <libtorrent/fwd.hpp>
#include <memory>
#include <mutex>
#include <vector>

#include "dht/pex_limit.h"
#include "proto/endpoint.h"

namespace phase::dht {

/// Handed from libtorrent's thread to ours.
class NamedPeers {
 public:
  /// That wait to be taken; beyond that others are passed over.
  static constexpr std::size_t kMaxPeers = 256;
  /// `namer` may be anybody; what it has named too often is passed over.
  void add(const Endpoint& namer, const std::vector<Endpoint>& peers);
  [[nodiscard]] std::vector<Endpoint> take();

 private:
  std::mutex mutex_;
  PexLimit limit_;
  std::vector<Endpoint> peers_;
};

/// `named`: where peers that others name go to; none: they are libtorrent's affair, or nobody's.
[[nodiscard]] std::shared_ptr<libtorrent::torrent_plugin> make_rendezvous_plugin(
    std::shared_ptr<NamedPeers> named);

}  // namespace phase::dht
