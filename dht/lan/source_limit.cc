#include "dht/lan/source_limit.h"

#include <algorithm>

namespace phase::dht::lan {
namespace {

constexpr std::chrono::duration<double> kRefill{SourceLimit::kBurst / SourceLimit::kPerSecond};

}  // namespace

bool SourceLimit::take(Bucket& bucket, MonoTime now) {
  const std::chrono::duration<double> passed = now - bucket.at;
  bucket.left = std::min(kBurst, bucket.left + passed.count() * kPerSecond);
  bucket.at = now;
  if (bucket.left < 1) return false;
  bucket.left -= 1;
  return true;
}

/// A bucket that is full again is as good as none.
void SourceLimit::make_room(MonoTime now) {
  std::erase_if(buckets_, [&](const auto& entry) { return now - entry.second.at >= kRefill; });
}

bool SourceLimit::admit(const Source& source, MonoTime now) {
  auto bucket = buckets_.find(source);
  if (bucket == buckets_.end()) {
    if (buckets_.size() >= kMaxSources) make_room(now);
    if (buckets_.size() >= kMaxSources) return take(shared_, now);
    bucket = buckets_.emplace(source, Bucket{kBurst, now}).first;
  }
  return take(bucket->second, now);
}

}  // namespace phase::dht::lan
