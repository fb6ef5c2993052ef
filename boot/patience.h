// boot/patience.h
// How long those on the link who say that they bring a release are waited for: so many bytes have to
// come in each such time. Only the time in which somebody is waited for counts, and what came in it: who
// comes and goes does not begin it anew. Pure: `now` comes in. Threads: the owner's.
#pragma once

#include <cstdint>

#include "proto/ports.h"

namespace phase::boot {

class Patience {
 public:
  /// `least`: checked bytes.
  Patience(Duration time, std::uint64_t least) : time_(time), least_(least) {}

  /// `waiting`: somebody is waited for, from now on. `checked`: bytes of the release that are there.
  /// True where a whole time of waiting has passed and too little came in it.
  [[nodiscard]] bool over(bool waiting, MonoTime now, std::uint64_t checked);
  /// When over() may become true, from its last call on, while somebody is waited for.
  [[nodiscard]] MonoTime deadline() const { return looked_ + (time_ - waited_); }

 private:
  Duration time_;
  std::uint64_t least_;
  bool waiting_ = false;
  MonoTime looked_{};
  std::uint64_t checked_ = 0;  ///< Then.
  Duration waited_{};          ///< Of the time that is under way.
  std::uint64_t came_ = 0;     ///< In it.
};

}  // namespace phase::boot
