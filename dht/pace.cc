// dht/pace.cc
#include "dht/pace.h"

#include <algorithm>

namespace phase::dht {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirst{200};
constexpr milliseconds kSlow{2000};
constexpr int kFastAsks = 7;  // 1.4 s, ten times what a lookup takes on a good network.

}  // namespace

void Pace::asked(MonoTime now) {
  ++asked_;
  const int doublings = std::clamp(asked_ - kFastAsks, 0, 10);
  next_ = now + (found_ ? kSlow : std::min(kSlow, kFirst * (1 << doublings)));
}

void Pace::found(MonoTime now) {
  if (found_) return;
  found_ = true;
  next_ = now + kSlow;
}

}  // namespace phase::dht
