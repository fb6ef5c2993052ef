// node/peer_search.h
// Who else has the releases that a node serves, as the DHT tells: for machines that cannot ask it
// themselves, because their network drops UDP. One release is asked about at a time, each at most
// every kAskAgain. Whoever is told of a peer checks what comes from it; nobody here connects.
//
// Threads: the owner's. Bounds: kMaxPeers peers a release; those that the DHT stopped naming
// go after kForget, as they do in the DHT.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "dht/session.h"
#include "proto/ports.h"

namespace phase::node {

class PeerSearch {
 public:
  static constexpr std::size_t kMaxPeers = 200;
  static constexpr std::chrono::seconds kAskFor{10};
  static constexpr std::chrono::minutes kAskAgain{5};
  static constexpr std::chrono::minutes kForget{45};

  /// `session` is borrowed.
  explicit PeerSearch(dht::Session& session) : session_(session) {}

  /// `releases` are those served now; others are forgotten.
  void tick(MonoTime now, const std::vector<dht::Infohashes>& releases);
  void handle(const dht::ProvidersFound& found, MonoTime now);
  /// By infohash of version 1, in the order of their addresses.
  [[nodiscard]] std::vector<Endpoint> peers(const Sha1& infohash) const;

 private:
  struct Known {
    MonoTime next_ask{};
    std::map<Endpoint, MonoTime> named;  ///< When last.
  };
  struct Asked {
    Sha1 infohash{};
    dht::LookupId lookup = 0;
    MonoTime until{};
  };
  void ask_next(MonoTime now, const std::vector<dht::Infohashes>& releases);

  dht::Session& session_;
  std::map<Sha1, Known> known_;
  std::optional<Asked> asked_;
};

}  // namespace phase::node
