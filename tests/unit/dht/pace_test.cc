// tests/unit/dht/pace_test.cc
#include "dht/pace.h"

#include <gtest/gtest.h>

#include "dht/ask_budget.h"

namespace phase::dht {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Times at which a lookup asks within `span`.
int asks_within(seconds span, MonoTime start, std::size_t standing = 1) {
  Pace pace;
  int asks = 0;
  for (MonoTime now = start; now < start + span; now += milliseconds(10)) {
    if (!pace.due(now)) continue;
    pace.asked(now, standing);
    ++asks;
  }
  return asks;
}

TEST(Pace, AsksAtOnceAgainSoonAndThenEvery2S) {
  const MonoTime start{seconds(1000)};
  Pace pace;
  ASSERT_TRUE(pace.due(start));
  pace.asked(start, 1);
  EXPECT_EQ(pace.next(), start + milliseconds(400));
  for (MonoTime now = pace.next(); now < start + seconds(10); now = pace.next()) {
    EXPECT_FALSE(pace.due(now - milliseconds(1)));
    ASSERT_TRUE(pace.due(now));
    pace.asked(now, 1);
    EXPECT_EQ(pace.next(), now + seconds(2));
  }
}

// libtorrent's nodes ignore an address from the 50th message within 10 s on, for 5 minutes. In a
// network of 8 nodes each lookup reaches all of them: a pointer's three, one for a newer root, two
// for its providers, nine where three keys may point. Our own messages come on top.
TEST(Pace, StaysBelowWhatMakesNodesIgnoreUsHoweverManyLookupsStand) {
  constexpr int kIgnoredFrom = 50;
  for (const std::size_t standing : {1U, 3U, 4U, 6U, 10U, 12U, 24U}) {
    const int asks = asks_within(seconds(10), MonoTime{seconds(1000)}, standing);
    EXPECT_LT(static_cast<int>(standing) * asks + AskBudget::kPerNode, kIgnoredFrom) << standing;
    EXPECT_GE(asks, 1) << standing;
  }
}

}  // namespace
}  // namespace phase::dht
