// dht/store_nodes.h
// Where something is stored (BEP 5: announce_peer): at the nodes nearest to the target that have
// answered with a token, each as soon as nobody nearer is still to answer. libtorrent's own announce
// waits until the last silent node has been given up, which takes 15 s. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "proto/endpoint.h"
#include "proto/hash.h"

namespace phase::dht {

class StoreNodes {
 public:
  /// As many as an item is stored on (BEP 44), and peers.
  static constexpr std::size_t kNodes = 8;

  /// `token` is what the node wants to hear again. An answer once more changes nothing.
  void answered(const Sha1& distance, const Endpoint& at, std::string token);

  struct Node {
    Endpoint at;
    std::string token;
  };
  /// Those whose turn it is, each once. `nearest_open`: how far the nearest one is that may still
  /// answer; none: nobody is left.
  [[nodiscard]] std::vector<Node> take(const std::optional<Sha1>& nearest_open);
  /// kNodes have answered: whoever is farther than these does not matter.
  [[nodiscard]] bool enough() const { return nodes_.size() >= kNodes; }
  [[nodiscard]] bool empty() const { return nodes_.empty(); }

 private:
  struct Known {
    Node node;
    bool taken = false;
  };
  std::map<Sha1, Known> nodes_;  // By distance, the kNodes nearest.
};

}  // namespace phase::dht
