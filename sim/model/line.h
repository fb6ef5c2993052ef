// sim/model/line.h
// A host's line, each direction a queue: what is sent waits for what was sent before it. A transfer
// is on both lines at once where both are free (cut-through), and as long as the slower one needs.
#pragma once

#include <algorithm>

#include "sim/model/event_queue.h"

namespace phase::sim::model {

class Line {
 public:
  Line() = default;
  /// Bits a second that are pieces.
  Line(double up_bits, double down_bits) : up_(up_bits / 8e6), down_(down_bits / 8e6) {}

  /// When `bytes` have left, queued behind everything before them.
  Micros send(Micros now, double bytes) {
    free_up_ = std::max(now, free_up_) + time(bytes, up_);
    return free_up_;
  }
  /// They have left their sender at `now`: when they are here.
  Micros receive(Micros now, double bytes) {
    const Micros took = time(bytes, down_);
    free_down_ = std::max(now, std::max(now - took, free_down_) + took);
    return free_down_;
  }
  /// How long something sent now would wait.
  [[nodiscard]] Micros backlog(Micros now) const { return std::max<Micros>(0, free_up_ - now); }

 private:
  static Micros time(double bytes, double bytes_a_micro) {
    return std::max<Micros>(1, static_cast<Micros>(std::llround(bytes / bytes_a_micro)));
  }
  double up_ = 1, down_ = 1;  // Bytes a microsecond.
  Micros free_up_ = 0, free_down_ = 0;
};

}  // namespace phase::sim::model
