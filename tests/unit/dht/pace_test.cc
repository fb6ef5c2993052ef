// tests/unit/dht/pace_test.cc
#include "dht/pace.h"

#include <gtest/gtest.h>

namespace phase::dht {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Times at which a lookup asks within `span`, if nothing is ever found.
int asks_within(seconds span, MonoTime start) {
  Pace pace;
  int asks = 0;
  for (MonoTime now = start; now < start + span; now += milliseconds(10)) {
    if (!pace.due(now)) continue;
    pace.asked(now);
    ++asks;
  }
  return asks;
}

TEST(Pace, AsksAtOnceAndThenEvery200Ms) {
  const MonoTime start{seconds(1000)};
  Pace pace;
  ASSERT_TRUE(pace.due(start));
  for (int i = 0; i < 5; ++i) {
    const MonoTime now = start + i * milliseconds(200);
    ASSERT_TRUE(pace.due(now)) << i;
    pace.asked(now);
    EXPECT_FALSE(pace.due(now + milliseconds(199))) << i;
  }
}

TEST(Pace, AsksEvery2SOnceAValueCame) {
  const MonoTime start{seconds(1000)};
  Pace pace;
  pace.asked(start);
  pace.found(start + milliseconds(50));
  EXPECT_EQ(pace.next(), start + milliseconds(2050));
  pace.found(start + milliseconds(60));  // More values of the same lookup put nothing off.
  EXPECT_EQ(pace.next(), start + milliseconds(2050));
  pace.asked(start + milliseconds(2050));
  EXPECT_EQ(pace.next(), start + milliseconds(4050));
}

// libtorrent's nodes ignore an address from the 50th message within 10 s on, for 5 minutes. In a
// network of 8 nodes each lookup reaches all of them, and a pointer needs three lookups.
TEST(Pace, StaysBelowWhatMakesNodesIgnoreUs) {
  EXPECT_LT(3 * asks_within(seconds(10), MonoTime{seconds(1000)}), 50);
  EXPECT_GE(asks_within(seconds(2), MonoTime{seconds(1000)}), 8);
}

}  // namespace
}  // namespace phase::dht
