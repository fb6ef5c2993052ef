// dht/event_queue.h
// Events that the owner has not taken yet. Bounded: where it is full, the oldest event that only
// repeats or reports progress makes room, and the oldest of all where there is none.
#pragma once

#include <deque>
#include <vector>

#include "dht/session.h"

namespace phase::dht {

class EventQueue {
 public:
  explicit EventQueue(std::size_t limit = kMaxQueuedEvents) : limit_(limit) {}
  void push(Event event);
  [[nodiscard]] bool empty() const { return events_.empty(); }
  [[nodiscard]] std::vector<Event> take();

 private:
  std::size_t limit_;
  std::deque<Event> events_;
};

}  // namespace phase::dht
