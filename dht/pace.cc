// dht/pace.cc
#include "dht/pace.h"

#include <algorithm>

namespace phase::dht {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSoon{400};
constexpr milliseconds kSlow{2000};
constexpr std::size_t kShare = 4;

}  // namespace

void Pace::asked(MonoTime now, std::size_t standing) {
  const int shares = static_cast<int>(std::max<std::size_t>(1, (standing + kShare - 1) / kShare));
  const bool soon = !asked_ && shares == 1;
  next_ = now + shares * (soon ? kSoon : kSlow);
  asked_ = true;
}

}  // namespace phase::dht
