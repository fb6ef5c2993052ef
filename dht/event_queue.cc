// dht/event_queue.cc
#include "dht/event_queue.h"

#include <algorithm>
#include <iterator>

namespace phase::dht {
namespace {

bool repeats_or_is_progress(const Event& event) {
  return std::holds_alternative<ItemFound>(event) || std::holds_alternative<ItemAnswered>(event) ||
         std::holds_alternative<ProvidersFound>(event) || std::holds_alternative<PeersAnswered>(event) ||
         std::holds_alternative<PeersNamed>(event) ||
         std::holds_alternative<PieceFailed>(event);
}

}  // namespace

void EventQueue::push(Event event) {
  if (events_.size() >= limit_) {
    auto oldest = std::find_if(events_.begin(), events_.end(), repeats_or_is_progress);
    events_.erase(oldest == events_.end() ? events_.begin() : oldest);
  }
  events_.push_back(std::move(event));
}

std::vector<Event> EventQueue::take() {
  std::vector<Event> out(std::make_move_iterator(events_.begin()),
                         std::make_move_iterator(events_.end()));
  events_.clear();
  return out;
}

}  // namespace phase::dht
