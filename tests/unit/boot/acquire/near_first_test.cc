// Goal: peers beyond the link are left alone exactly as long as nodes on the link deliver, and
// nobody on the link can hold a boot up for long. Method: a table of times and bytes.
#include "boot/near_first.h"

#include <gtest/gtest.h>

namespace phase::boot {
namespace {

using std::chrono::milliseconds;

constexpr NearFirstOptions kOptions{
    .enabled = true, .far_wait = milliseconds(300), .near_stall = milliseconds(2000), .least = 1000};

class NearFirstTest : public testing::Test {
 protected:
  [[nodiscard]] MonoTime at(int ms) const { return start_ + milliseconds(ms); }
  MonoTime start_{milliseconds(5000)};
  NearFirst near_{kOptions, start_};
};

TEST_F(NearFirstTest, WithoutItEverybodyIsWelcomeAtOnce) {
  NearFirst off({.enabled = false, .far_wait = milliseconds(300)}, start_);
  EXPECT_TRUE(off.far_allowed(at(0), 0));
  EXPECT_FALSE(off.deadline());
}

TEST_F(NearFirstTest, NobodyNearCostsTheWaitAndNoMore) {
  EXPECT_FALSE(near_.far_allowed(at(299), 0));
  EXPECT_EQ(near_.deadline(), at(300));
  EXPECT_TRUE(near_.far_allowed(at(300), 0));
  EXPECT_FALSE(near_.deadline());
}

TEST_F(NearFirstTest, TheWaitCountsFromTheFirstQuestionNotFromTheRelease) {
  near_.release();
  EXPECT_TRUE(near_.far_allowed(at(1000), 0));
}

TEST_F(NearFirstTest, WhenAllNearHaveAnsweredNobodyWaits) {
  near_.browsed();
  EXPECT_TRUE(near_.far_allowed(at(10), 0));
}

TEST_F(NearFirstTest, AHolderThatDeliversKeepsOthersOut) {
  near_.holder();
  std::uint64_t checked = 0;
  for (int ms = 100; ms < 60'000; ms += 250) {
    checked += 125;  // 500 bytes a second, just what is asked.
    EXPECT_FALSE(near_.far_allowed(at(ms), checked)) << ms;
  }
}

TEST_F(NearFirstTest, AHolderThatOnlyTricklesDoesNot) {
  near_.holder();
  EXPECT_FALSE(near_.far_allowed(at(100), 0));
  EXPECT_FALSE(near_.far_allowed(at(2099), 998));
  EXPECT_TRUE(near_.far_allowed(at(2100), 999));
  EXPECT_TRUE(near_.far_allowed(at(2200), 1'000'000)) << "once let in, they stay";
}

TEST_F(NearFirstTest, MoreNodesThatSayTheyHoldItDoNotBeginTheTimeAnew) {
  for (int ms = 100; ms < 2100; ms += 100) {
    near_.holder();
    EXPECT_FALSE(near_.far_allowed(at(ms), 0)) << ms;
  }
  EXPECT_TRUE(near_.far_allowed(at(2100), 0));
}

TEST_F(NearFirstTest, AHolderThatIsGoneIsNotWaitedFor) {
  near_.holder();
  EXPECT_FALSE(near_.far_allowed(at(500), 400));
  near_.lost();
  EXPECT_EQ(near_.deadline(), at(300)) << "now";
  EXPECT_TRUE(near_.far_allowed(at(510), 400));
}

TEST_F(NearFirstTest, AnotherReleaseIsJudgedByItself) {
  near_.holder();
  EXPECT_FALSE(near_.far_allowed(at(100), 0));
  EXPECT_TRUE(near_.far_allowed(at(2100), 0));
  near_.release();
  near_.holder();
  EXPECT_FALSE(near_.far_allowed(at(2300), 0));
  EXPECT_EQ(near_.deadline(), at(4300));
}

}  // namespace
}  // namespace phase::boot
