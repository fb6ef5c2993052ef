#include "sim/link_queue.h"

#include <algorithm>

namespace phase::sim {
namespace {

/// Behind the two addresses of an Ethernet frame.
bool is_ip(ByteView frame) {
  constexpr std::size_t kTypeAt = 12;
  if (frame.size() < kTypeAt + 2) return false;
  const unsigned type = frame[kTypeAt] * 256U + frame[kTypeAt + 1];
  return type == 0x0800 || type == 0x86dd;
}

}  // namespace

/// In [0, 1). Not std::uniform_real_distribution, which differs from library to library.
double LinkQueue::chance() {
  constexpr double kStep = 1.0 / 9007199254740992.0;  // 2^-53
  return static_cast<double>(random_() >> 11U) * kStep;
}

void LinkQueue::push(ByteView frame, MonoTime now) {
  Duration delay{0};
  if (is_ip(frame)) {
    const bool lost = chance() < path_.loss;
    const double late = chance() * static_cast<double>(path_.jitter.count());
    if (lost) {
      ++counts_.lost;
      return;
    }
    delay = path_.delay + std::chrono::microseconds(static_cast<std::int64_t>(late));
  }
  if (waiting_bytes_ + frame.size() > kMaxBytes) {
    ++counts_.overflowed;
    return;
  }
  MonoTime due = now + delay;
  // What is no IP goes past those that wait; it comes to no harm, and keeps its own order.
  if (is_ip(frame) && !waiting_.empty()) due = std::max(due, waiting_.back().due);
  const auto behind = std::upper_bound(waiting_.begin(), waiting_.end(), due,
                                       [](MonoTime at, const Waiting& one) { return at < one.due; });
  waiting_.insert(behind, Waiting{due, Bytes(frame.begin(), frame.end())});
  waiting_bytes_ += frame.size();
}

std::optional<Bytes> LinkQueue::pop(MonoTime now) {
  if (waiting_.empty() || now < waiting_.front().due) return std::nullopt;
  Bytes frame = std::move(waiting_.front().frame);
  waiting_.pop_front();
  waiting_bytes_ -= frame.size();
  ++counts_.passed;
  return frame;
}

MonoTime LinkQueue::next_due() const {
  return waiting_.empty() ? MonoTime::max() : waiting_.front().due;
}

}  // namespace phase::sim
