#include "dht/store_pace.h"

#include <gtest/gtest.h>

#include <set>

namespace phase::dht {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const MonoTime kStart = MonoTime{} + seconds(1000);

SignedItem item(const std::string& salt, std::int64_t seq = 1) {
  SignedItem out;
  out.salt = salt;
  out.seq = seq;
  return out;
}

TEST(StoreBudget, GivesABurstAndThenOneAtATime) {
  StoreBudget budget;
  for (int i = 0; i < StoreBudget::kBurst; ++i) {
    ASSERT_TRUE(budget.may(kStart)) << i;
    budget.spend();
  }
  EXPECT_FALSE(budget.may(kStart));
  EXPECT_EQ(budget.next(), kStart + StoreBudget::kEvery);
  EXPECT_FALSE(budget.may(kStart + StoreBudget::kEvery - milliseconds(1)));
  ASSERT_TRUE(budget.may(kStart + StoreBudget::kEvery));
  budget.spend();
  EXPECT_FALSE(budget.may(kStart + StoreBudget::kEvery));
}

// libtorrent's nodes take no more from one address, and in a small network each put meets them all:
// once to ask, once to store.
TEST(StoreBudget, NeverReachesWhatNodesTakeForAnAttack) {
  StoreBudget budget;
  std::vector<MonoTime> spent;
  for (MonoTime now = kStart; now < kStart + seconds(60); now += milliseconds(10)) {
    while (budget.may(now)) {
      budget.spend();
      spent.push_back(now);
    }
  }
  for (std::size_t i = 0; i < spent.size(); ++i) {
    std::size_t within = 0;
    for (std::size_t j = i; j < spent.size() && spent[j] - spent[i] < seconds(5); ++j) ++within;
    EXPECT_LE(within, 25U);
  }
  EXPECT_GT(spent.size(), 100U) << "nor is it slower than it must be";
}

TEST(PutQueue, KeepsAFewUnderWayInTheOrderOfTheirComing) {
  PutQueue queue;
  StoreBudget budget;
  for (const char* salt : {"a", "b", "c", "d"}) queue.add(item(salt));
  for (const char* salt : {"a", "b", "c"}) {
    const auto next = queue.take(kStart, budget);
    ASSERT_TRUE(next.has_value());
    EXPECT_EQ(next->salt, salt);
  }
  EXPECT_FALSE(queue.take(kStart, budget).has_value());
  queue.ended(PublicKey{}, "b");
  EXPECT_EQ(queue.take(kStart, budget)->salt, "d");
  EXPECT_EQ(queue.next(budget), MonoTime::max());
}

TEST(PutQueue, ALostAnswerHoldsAPlaceForAWhileOnly) {
  PutQueue queue;
  StoreBudget budget;
  for (const char* salt : {"a", "b", "c", "d"}) queue.add(item(salt));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(queue.take(kStart, budget).has_value());
  EXPECT_EQ(queue.next(budget), kStart + PutQueue::kLongestPut);
  EXPECT_FALSE(queue.take(kStart + PutQueue::kLongestPut - milliseconds(1), budget).has_value());
  EXPECT_EQ(queue.take(kStart + PutQueue::kLongestPut, budget)->salt, "d");
}

TEST(PutQueue, OfOneKeyAndSaltOnlyTheNewestWaits) {
  PutQueue queue;
  StoreBudget budget;
  queue.add(item("a", 2));
  queue.add(item("a", 3));
  queue.add(item("a", 1));
  EXPECT_EQ(queue.take(kStart, budget)->seq, 3);
  EXPECT_FALSE(queue.take(kStart, budget).has_value());
}

TEST(PutQueue, IsBounded) {
  PutQueue queue;
  StoreBudget budget;
  for (std::size_t i = 0; i < PutQueue::kMaxWaiting + 10; ++i) queue.add(item(std::to_string(i)));
  std::set<std::string> taken;
  for (MonoTime now = kStart; now < kStart + seconds(600); now += seconds(1)) {
    while (const auto next = queue.take(now, budget)) {
      taken.insert(next->salt);
      queue.ended(next->key, next->salt);
    }
  }
  EXPECT_EQ(taken.size(), PutQueue::kMaxWaiting);
}

}  // namespace
}  // namespace phase::dht
