#include "boot/patience.h"

#include <algorithm>

namespace phase::boot {

bool Patience::over(bool waiting, MonoTime now, std::uint64_t checked) {
  if (waiting_) {
    waited_ += now - looked_;
    came_ += checked - std::min(checked, checked_);
  }
  waiting_ = waiting;
  looked_ = now;
  checked_ = checked;
  if (!waiting || waited_ < time_) return false;
  const bool too_little = came_ < least_;
  waited_ = {};
  came_ = 0;
  return too_little;
}

}  // namespace phase::boot
