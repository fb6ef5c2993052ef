// boot/init/power_on.h
// What PID 1 remembers from its start on, over every attempt: neither time nor version goes back,
// whatever the machine's clock does and whichever disk vanishes. Pure. Threads: one.
#pragma once

#include <algorithm>
#include <cstdint>

#include "proto/ports.h"

namespace phase::boot {

class PowerOn {
 public:
  /// The time of the attempt that begins at `now`; it holds for all of that attempt. `machine` is
  /// the machine's clock, read once, and can only make the time later: it is never before
  /// `floor` (when the initramfs was built), nor before the last attempt's and what has passed
  /// since on a clock that nobody sets.
  [[nodiscard]] WallTime begin_attempt(WallTime machine, WallTime floor, MonoTime now) {
    const auto passed = std::chrono::duration_cast<std::chrono::seconds>(now - begun_);
    const WallTime last{last_.seconds == 0 ? 0 : last_.seconds + passed.count()};
    last_ = std::max({machine, floor, last});
    begun_ = now;
    return last_;
  }

  /// A release version that somebody trusted was seen to have signed: the cache's floor, a verdict.
  void saw_version(std::uint64_t version) { version_ = std::max(version_, version); }
  /// Nothing older is booted until the machine is switched off.
  [[nodiscard]] std::uint64_t version_floor() const { return version_; }

 private:
  WallTime last_;
  MonoTime begun_;
  std::uint64_t version_ = 0;
};

}  // namespace phase::boot
