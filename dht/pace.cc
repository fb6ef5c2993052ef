// dht/pace.cc
#include "dht/pace.h"

#include <algorithm>

namespace phase::dht {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirst{200};
constexpr milliseconds kSlow{2000};
constexpr int kFastAsks = 3;  // 0.6 s, four times what a lookup takes on a good network.
constexpr std::size_t kShare = 4;

}  // namespace

void Pace::asked(MonoTime now, std::size_t standing) {
  ++asked_;
  const int shares = static_cast<int>(std::max<std::size_t>(1, (standing + kShare - 1) / kShare));
  // Twice by the number of shares: each is rarer, and begins to be rarer earlier.
  const int doublings = std::clamp(asked_ - kFastAsks / shares, 0, 10) + std::min(shares - 1, 10);
  next_ = now + shares * (found_ ? kSlow : std::min(kSlow, kFirst * (1 << doublings)));
}

void Pace::found(MonoTime now) {
  if (found_) return;
  found_ = true;
  next_ = now + kSlow;
}

}  // namespace phase::dht
