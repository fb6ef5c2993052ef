#include "boot/web_turn.h"

#include <algorithm>
#include <utility>

namespace phase::boot {

void WebTurn::release() {
  others_first_ = given_up_ = false;
  window_bytes_ = 0;
}

void WebTurn::set_others(const std::vector<std::string>& names, MonoTime now) {
  const bool first = std::any_of(names.begin(), names.end(), [this](const std::string& name) {
    return name_.empty() || name < name_;
  });
  if (!std::exchange(others_first_, first)) window_start_ = now;
}

bool WebTurn::ours(MonoTime now, std::uint64_t checked) {
  if (!others_first_ || given_up_) {
    window_bytes_ = checked;
    return true;
  }
  if (now - window_start_ < options_.stall) return false;
  given_up_ = checked < window_bytes_ + options_.least;
  window_start_ = now;
  window_bytes_ = checked;
  return given_up_;
}

}  // namespace phase::boot
