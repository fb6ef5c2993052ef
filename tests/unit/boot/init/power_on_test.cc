// Goal: neither time nor version goes back while a machine is on. Method: the clocks that machines
// have (1970, behind their image, years ahead, set back while they run) against the plan's time.
#include "boot/init/power_on.h"

#include <gtest/gtest.h>

namespace phase::boot {
namespace {

using std::chrono::seconds;

constexpr WallTime kBuilt{1'767'225'600};  // 2026-01-01
constexpr std::int64_t kYear = 365LL * 24 * 3600;

MonoTime after(std::int64_t passed) { return MonoTime(seconds(1000 + passed)); }

TEST(PowerOn, AClockAt1970IsTakenForTheBuildTime) {
  PowerOn power_on;
  EXPECT_EQ(power_on.begin_attempt(WallTime{0}, kBuilt, after(0)), kBuilt);
}

TEST(PowerOn, AClockBeforeTheBuildIsTakenForTheBuildTime) {
  PowerOn power_on;
  EXPECT_EQ(power_on.begin_attempt(WallTime{kBuilt.seconds - 1}, kBuilt, after(0)), kBuilt);
  PowerOn negative;
  EXPECT_EQ(negative.begin_attempt(WallTime{-1}, kBuilt, after(0)), kBuilt);
}

TEST(PowerOn, AClockYearsAheadCounts) {
  PowerOn power_on;
  const WallTime ahead{kBuilt.seconds + 10 * kYear};
  EXPECT_EQ(power_on.begin_attempt(ahead, kBuilt, after(0)), ahead);
}

TEST(PowerOn, AClockThatJumpsBackBetweenAttemptsDoesNotTakeTimeBack) {
  PowerOn power_on;
  const WallTime first{kBuilt.seconds + kYear};
  EXPECT_EQ(power_on.begin_attempt(first, kBuilt, after(0)), first);
  EXPECT_EQ(power_on.begin_attempt(WallTime{0}, kBuilt, after(0)), first);
  EXPECT_EQ(power_on.begin_attempt(kBuilt, kBuilt, after(0)), first);
}

// Expiry comes nearer on a machine that tries for days, even where its clock stands still.
TEST(PowerOn, TimePassesByTheClockThatNobodySets) {
  PowerOn power_on;
  EXPECT_EQ(power_on.begin_attempt(WallTime{0}, kBuilt, after(0)), kBuilt);
  EXPECT_EQ(power_on.begin_attempt(WallTime{0}, kBuilt, after(60)).seconds, kBuilt.seconds + 60);
  EXPECT_EQ(power_on.begin_attempt(WallTime{0}, kBuilt, after(90)).seconds, kBuilt.seconds + 90);
}

TEST(PowerOn, TheFirstAttemptDoesNotCountTheTimeBeforeIt) {
  PowerOn power_on;
  EXPECT_EQ(power_on.begin_attempt(WallTime{5}, WallTime{0}, after(3600)).seconds, 5);
}

TEST(PowerOn, TheHighestVersionSeenStays) {
  PowerOn power_on;
  EXPECT_EQ(power_on.version_floor(), 0U);
  power_on.saw_version(7);
  power_on.saw_version(3);
  power_on.saw_version(0);
  EXPECT_EQ(power_on.version_floor(), 7U);
}

}  // namespace
}  // namespace phase::boot
