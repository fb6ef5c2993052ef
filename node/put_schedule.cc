#include "node/put_schedule.h"

#include <algorithm>
#include <array>

namespace phase::node {

Duration spread(Duration around, Random& random) {
  std::array<std::uint8_t, 2> chance{};
  random.fill(chance);
  const int permille = (chance[0] * 256 + chance[1]) % 501 - 250;
  return around + around * permille / 1000;
}

Duration PutSchedule::grow(Duration& pause) {
  const Duration now = std::min(pause, every_);
  pause = std::min(pause * 2, every_);
  return spread(now, random_);
}

void PutSchedule::at_once(MonoTime now) {
  next_ = now;
  under_way_ = 0;
  poor_pause_ = missed_pause_ = kFirstPause;
}

void PutSchedule::sent(MonoTime now, std::size_t items) {
  // Those of the last time are overtaken; whatever they say still counts for these.
  under_way_ = items;
  well_ = true;
  next_ = now + (items == 0 ? every_ : std::max<Duration>(kLongestPut, grow(poor_pause_)));
}

void PutSchedule::stored(MonoTime now, std::uint32_t nodes, std::uint32_t known) {
  if (under_way_ == 0) return;
  // A network of two has nobody else to store it.
  well_ = well_ && nodes >= std::clamp(known, 1U, kEnough);
  if (--under_way_ != 0) return;
  if (well_) {
    poor_pause_ = kFirstPause;
    next_ = now + spread(every_, random_);
  } else {
    // sent() made the pause longer already, for the next time.
    next_ = now + spread(std::max<Duration>(poor_pause_ / 2, kFirstPause), random_);
  }
}

void PutSchedule::missed(MonoTime now) {
  // One that is under way may be what was missed.
  if (under_way_ != 0) return;
  next_ = std::min(next_, now + grow(missed_pause_));
}

}  // namespace phase::node
