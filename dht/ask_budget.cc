// dht/ask_budget.cc
#include "dht/ask_budget.h"

namespace phase::dht {

bool AskBudget::spend(const Endpoint& node, MonoTime now) {
  auto at = nodes_.find(node);
  if (at == nodes_.end()) {
    if (nodes_.size() >= kMaxNodes) {
      std::erase_if(nodes_, [&](const auto& one) { return now - one.second.since >= kWindow; });
    }
    if (nodes_.size() >= kMaxNodes) return false;
    at = nodes_.emplace(node, Spent{now, 0}).first;
  }
  Spent& spent = at->second;
  if (now - spent.since >= kWindow) spent = {now, 0};
  if (spent.asked == kPerNode) return false;
  ++spent.asked;
  return true;
}

}  // namespace phase::dht
