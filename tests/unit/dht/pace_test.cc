// tests/unit/dht/pace_test.cc
#include "dht/pace.h"

#include <gtest/gtest.h>

namespace phase::dht {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Times at which a lookup asks within `span`, if nothing is ever found.
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

TEST(Pace, AsksAtOnceAndThenEvery200Ms) {
  const MonoTime start{seconds(1000)};
  Pace pace;
  ASSERT_TRUE(pace.due(start));
  for (int i = 0; i < 3; ++i) {
    const MonoTime now = start + i * milliseconds(200);
    ASSERT_TRUE(pace.due(now)) << i;
    pace.asked(now, 1);
    EXPECT_FALSE(pace.due(now + milliseconds(199))) << i;
  }
}

TEST(Pace, AsksEvery2SOnceAValueCame) {
  const MonoTime start{seconds(1000)};
  Pace pace;
  pace.asked(start, 1);
  pace.found(start + milliseconds(50));
  EXPECT_EQ(pace.next(), start + milliseconds(2050));
  pace.found(start + milliseconds(60));  // More values of the same lookup put nothing off.
  EXPECT_EQ(pace.next(), start + milliseconds(2050));
  pace.asked(start + milliseconds(2050), 1);
  EXPECT_EQ(pace.next(), start + milliseconds(4050));
}

// libtorrent's nodes ignore an address from the 50th message within 10 s on, for 5 minutes. In a
// network of 8 nodes each lookup reaches all of them: a pointer's three, one for a newer root, two
// for its providers, nine where three keys may point.
TEST(Pace, StaysBelowWhatMakesNodesIgnoreUsHoweverManyLookupsStand) {
  for (const std::size_t standing : {1U, 3U, 4U, 6U, 10U, 12U, 24U}) {
    const int asks = asks_within(seconds(10), MonoTime{seconds(1000)}, standing);
    EXPECT_LE(static_cast<int>(standing) * asks, 42) << standing;
    EXPECT_GE(asks, 1) << standing;
  }
  EXPECT_GE(asks_within(seconds(2), MonoTime{seconds(1000)}, 4), 6);
}

}  // namespace
}  // namespace phase::dht
