// Goal: whoever holds a release hears in time that it expires, and not all its life long.
#include "node/expiry.h"

#include <gtest/gtest.h>

namespace phase::node {
namespace {

constexpr std::int64_t kDay = 24 * 3600;
constexpr WallTime kCreated{1'800'000'000};

WallTime after(std::int64_t seconds) { return {kCreated.seconds + seconds}; }

TEST(Expiry, WarnsThirtyDaysBeforeAYearEnds) {
  const WallTime end = after(365 * kDay);
  EXPECT_EQ(freshness_of(kCreated, end, after(335 * kDay - 1)), Freshness::kGood);
  EXPECT_EQ(freshness_of(kCreated, end, after(335 * kDay)), Freshness::kSoon);
  EXPECT_EQ(freshness_of(kCreated, end, after(365 * kDay - 1)), Freshness::kSoon);
  EXPECT_EQ(freshness_of(kCreated, end, end), Freshness::kExpired);
}

TEST(Expiry, WarnsInTheLastThirdOfAShortLife) {
  const WallTime end = after(9 * kDay);
  EXPECT_EQ(freshness_of(kCreated, end, after(6 * kDay - 1)), Freshness::kGood);
  EXPECT_EQ(freshness_of(kCreated, end, after(6 * kDay)), Freshness::kSoon);
  EXPECT_EQ(freshness_of({}, end, kCreated), Freshness::kSoon) << "nobody knows how long its life was";
}

TEST(Expiry, WhatNeverExpiresIsGood) {
  EXPECT_EQ(freshness_of(kCreated, {}, after(1'000 * kDay)), Freshness::kGood);
  EXPECT_EQ(expiry_text({}, kCreated), "never expires");
}

TEST(Expiry, IsSaidInWords) {
  EXPECT_EQ(expiry_text(after(12 * kDay + 5), kCreated), "expires in 12 days");
  EXPECT_EQ(expiry_text(after(2 * 3600), kCreated), "expires in 2 hours");
  EXPECT_EQ(expiry_text(after(60), kCreated), "expires in 1 minute");
  EXPECT_EQ(expiry_text(kCreated, after(3 * kDay)), "expired 3 days ago");
}

}  // namespace
}  // namespace phase::node
