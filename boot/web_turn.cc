#include "boot/web_turn.h"

#include <algorithm>

namespace phase::boot {

void WebTurn::release() {
  others_first_ = given_up_ = false;
  patience_ = Patience(options_.stall, options_.least);
}

void WebTurn::set_others(const std::vector<std::string>& names) {
  others_first_ = std::any_of(names.begin(), names.end(), [this](const std::string& name) {
    return name_.empty() || name < name_;
  });
}

bool WebTurn::ours(MonoTime now, std::uint64_t brought) {
  if (!given_up_) given_up_ = patience_.over(others_first_, now, brought);
  return given_up_ || !others_first_;
}

}  // namespace phase::boot
