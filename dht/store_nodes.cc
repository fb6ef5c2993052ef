#include "dht/store_nodes.h"

#include <iterator>
#include <utility>

namespace phase::dht {

void StoreNodes::answered(const Sha1& distance, const Endpoint& at, std::string token) {
  nodes_.try_emplace(distance, Known{{at, std::move(token)}});
  if (nodes_.size() > kNodes) nodes_.erase(std::prev(nodes_.end()));
}

std::vector<StoreNodes::Node> StoreNodes::take(const std::optional<Sha1>& nearest_open) {
  std::vector<Node> out;
  for (auto& [distance, known] : nodes_) {
    if (nearest_open && !(distance < *nearest_open)) break;
    if (std::exchange(known.taken, true)) continue;
    out.push_back(known.node);
  }
  return out;
}

}  // namespace phase::dht
