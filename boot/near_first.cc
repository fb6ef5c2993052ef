#include "boot/near_first.h"

namespace phase::boot {

NearFirst::NearFirst(const NearFirstOptions& options, MonoTime start)
    : options_(options),
      start_(start),
      allowed_(!options.enabled),
      patience_(options.near_stall, options.least) {}

void NearFirst::release() {
  allowed_ = !options_.enabled;
  has_holder_ = false;
  patience_ = Patience(options_.near_stall, options_.least);
}

void NearFirst::lost() {
  has_holder_ = false;
  browsed_ = true;
}

bool NearFirst::far_allowed(MonoTime now, std::uint64_t checked) {
  if (allowed_) return true;
  if (has_holder_) allowed_ = patience_.over(true, now, checked);
  else allowed_ = browsed_ || now - start_ >= options_.far_wait;
  return allowed_;
}

std::optional<MonoTime> NearFirst::deadline() const {
  if (allowed_) return std::nullopt;
  return has_holder_ ? patience_.deadline() : start_ + options_.far_wait;
}

}  // namespace phase::boot
