// boot/init/onfail.h
// What follows a failed attempt, and how long the pause before the next one is. Pure. The pause is
// no synchronisation: nothing on this machine would tell that a provider, a lease or a DHT node has
// come back, and thousands of machines that fail together must not ask together again.
#pragma once

#include <chrono>

#include "boot/machine/options.h"
#include "proto/ports.h"

namespace phase::boot {

/// A shell is root on this machine: only for whoever may choose what it trusts, so kRetry takes
/// its place where trust is locked.
[[nodiscard]] constexpr OnFail permitted(OnFail asked, bool trust_locked) {
  return asked == OnFail::kShell && trust_locked ? OnFail::kRetry : asked;
}

inline constexpr std::chrono::milliseconds kFirstPause{1000};
inline constexpr std::chrono::milliseconds kLongestPause{60'000};

/// 1 s, 2 s, 4 s, … 60 s, 60 s, each with up to a quarter more by chance.
class Backoff {
 public:
  explicit Backoff(Random& random) : random_(random) {}
  [[nodiscard]] std::chrono::milliseconds next();
  /// After something worked: begins with the first pause again.
  void reset() { pause_ = kFirstPause; }

 private:
  Random& random_;
  std::chrono::milliseconds pause_ = kFirstPause;
};

}  // namespace phase::boot
