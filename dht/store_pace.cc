#include "dht/store_pace.h"

#include <algorithm>
#include <utility>

namespace phase::dht {

bool StoreBudget::may(MonoTime now) {
  const auto since = (now - refilled_) / kEvery;
  if (since > 0) {
    left_ = static_cast<int>(std::min<std::int64_t>(kBurst, left_ + std::min<std::int64_t>(since, kBurst)));
    refilled_ = left_ == kBurst ? now : refilled_ + since * kEvery;
  }
  return left_ > 0;
}

void StoreBudget::spend() { --left_; }

MonoTime StoreBudget::next() const { return left_ > 0 ? MonoTime{} : refilled_ + kEvery; }

void PutQueue::add(const SignedItem& item) {
  const auto same = std::find_if(waiting_.begin(), waiting_.end(), [&](const SignedItem& one) {
    return one.key == item.key && one.salt == item.salt;
  });
  if (same != waiting_.end()) {
    if (same->seq < item.seq) *same = item;
    return;
  }
  if (waiting_.size() < kMaxWaiting) waiting_.push_back(item);
}

std::optional<SignedItem> PutQueue::take(MonoTime now, StoreBudget& budget) {
  std::erase_if(under_way_, [&](const UnderWay& one) { return now - one.since >= kLongestPut; });
  if (waiting_.empty() || under_way_.size() >= kMaxUnderWay || !budget.may(now)) return std::nullopt;
  SignedItem item = std::move(waiting_.front());
  waiting_.pop_front();
  under_way_.push_back({item.key, item.salt, now});
  budget.spend();
  return item;
}

void PutQueue::ended(const PublicKey& key, const std::string& salt) {
  const auto one = std::find_if(under_way_.begin(), under_way_.end(), [&](const UnderWay& at) {
    return at.key == key && at.salt == salt;
  });
  if (one != under_way_.end()) under_way_.erase(one);
}

MonoTime PutQueue::next(const StoreBudget& budget) const {
  if (waiting_.empty()) return MonoTime::max();
  if (under_way_.size() < kMaxUnderWay) return budget.next();
  return std::min_element(under_way_.begin(), under_way_.end(),
                          [](const UnderWay& a, const UnderWay& b) { return a.since < b.since; })
             ->since +
         kLongestPut;
}

}  // namespace phase::dht
