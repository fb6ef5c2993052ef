#include "boot/near_first.h"

namespace phase::boot {

NearFirst::NearFirst(const NearFirstOptions& options, MonoTime start)
    : options_(options), start_(start), allowed_(!options.enabled), window_start_(start) {}

void NearFirst::release(MonoTime now) {
  allowed_ = !options_.enabled;
  has_holder_ = false;
  window_start_ = now;
  window_bytes_ = 0;
}

void NearFirst::holder(MonoTime now) {
  if (has_holder_) return;
  has_holder_ = true;
  window_start_ = now;
}

void NearFirst::lost() {
  has_holder_ = false;
  browsed_ = true;
}

bool NearFirst::far_allowed(MonoTime now, std::uint64_t checked) {
  if (allowed_) return true;
  if (!has_holder_) {
    allowed_ = browsed_ || now - start_ >= options_.far_wait;
    return allowed_;
  }
  if (now - window_start_ < options_.near_stall) return false;
  allowed_ = checked < window_bytes_ + options_.least;
  window_start_ = now;
  window_bytes_ = checked;
  return allowed_;
}

std::optional<MonoTime> NearFirst::deadline() const {
  if (allowed_) return std::nullopt;
  return has_holder_ ? window_start_ + options_.near_stall : start_ + options_.far_wait;
}

}  // namespace phase::boot
