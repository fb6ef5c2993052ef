// sim/model/event_queue.h
// What happens next: events by time, and of one moment in the order in which they were added, so that a
// run is the same each time. Time is whole microseconds: sums of seconds would differ by the order.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace phase::sim::model {

using Micros = std::int64_t;

[[nodiscard]] inline Micros micros(double seconds) {
  return static_cast<Micros>(std::llround(seconds * 1e6));
}
[[nodiscard]] inline double seconds(Micros time) { return static_cast<double>(time) / 1e6; }

template <class Event>
class EventQueue {
 public:
  void add(Micros at, const Event& event) {
    heap_.push_back({at, added_++, event});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] Micros next_at() const { return heap_.front().at; }
  /// Not where it is empty.
  Event take() {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const Event event = heap_.back().event;
    heap_.pop_back();
    return event;
  }

 private:
  struct Entry {
    Micros at = 0;
    std::uint64_t number = 0;
    Event event{};
  };
  static bool later(const Entry& a, const Entry& b) {
    return a.at != b.at ? a.at > b.at : a.number > b.number;
  }
  std::vector<Entry> heap_;
  std::uint64_t added_ = 0;
};

}  // namespace phase::sim::model
