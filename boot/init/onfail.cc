#include "boot/init/onfail.h"

#include <algorithm>
#include <array>

namespace phase::boot {

std::chrono::milliseconds Backoff::next() {
  std::array<std::uint8_t, 2> chance{};
  random_.fill(chance);
  const int of_65536 = chance[0] * 256 + chance[1];
  const auto pause = pause_ + pause_ / 4 * of_65536 / 65536;
  pause_ = std::min(pause_ * 2, kLongestPause);
  return pause;
}

}  // namespace phase::boot
