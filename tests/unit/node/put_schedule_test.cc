// Goal: a pointer that is held well is left alone, one that is about to be lost is not, and a network
// that is away is not flooded. Method: the schedule alone; time and what the DHT says come from here.
#include "node/put_schedule.h"

#include <gtest/gtest.h>

namespace phase::node {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

/// Every pause is as it was meant: 250 of 501 is the middle of what spread() draws.
class Middle final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (auto& byte : out) byte = 0;
    if (!out.empty()) out.back() = 250;
  }
};

class PutScheduleTest : public testing::Test {
 protected:
  /// Puts three items now; each is stored at `nodes` nodes a second later.
  void put(std::uint32_t nodes, std::uint32_t known) {
    schedule_.sent(now_, 3);
    now_ += seconds(1);
    for (int i = 0; i < 3; ++i) schedule_.stored(now_, nodes, known);
  }
  [[nodiscard]] Duration left() const { return schedule_.next() - now_; }

  Middle middle_;
  MonoTime now_{seconds(1000)};
  PutSchedule schedule_{minutes(25), middle_};
};

TEST_F(PutScheduleTest, IsDueAtOnceAndThenAfterItsInterval) {
  schedule_.at_once(now_);
  EXPECT_TRUE(schedule_.due(now_));
  put(8, 100);
  EXPECT_EQ(left(), minutes(25));
}

TEST_F(PutScheduleTest, WhatFewStoredIsPutAgainSoonerAndThenLessAndLessOften) {
  for (const int pause : {15, 30, 60, 120, 240, 480, 960, 1500, 1500}) {
    put(1, 100);
    EXPECT_GE(left(), seconds(std::min(pause, 750))) << pause;
    EXPECT_LE(left(), seconds(pause));
    now_ = schedule_.next();
  }
  put(8, 100);
  EXPECT_EQ(left(), minutes(25));
  put(0, 100);
  EXPECT_EQ(left(), seconds(15)) << "a good one forgets the bad ones before it";
}

TEST_F(PutScheduleTest, TheWorstOfItsItemsDecides) {
  schedule_.sent(now_, 3);
  schedule_.stored(now_, 8, 100);
  schedule_.stored(now_, 0, 100);
  schedule_.stored(now_, 8, 100);
  EXPECT_EQ(left(), seconds(15));
}

TEST_F(PutScheduleTest, AsManyAsThereAreIsEnough) {
  put(1, 1);
  EXPECT_EQ(left(), minutes(25));
  put(1, 2);
  EXPECT_EQ(left(), seconds(15));
  put(0, 0);
  EXPECT_LT(left(), minutes(25)) << "stored by nobody, in a network that nobody is in";
}

TEST_F(PutScheduleTest, AWordThatNeverComesIsNoSuccess) {
  schedule_.sent(now_, 3);
  schedule_.stored(now_, 8, 100);
  EXPECT_EQ(left(), PutSchedule::kLongestPut);
}

TEST_F(PutScheduleTest, WhatALookDoesNotFindIsPutAgain) {
  put(8, 100);
  schedule_.missed(now_);
  EXPECT_EQ(left(), seconds(15));
  // The next put is said to be stored, and still nobody finds it.
  for (const int pause : {30, 60, 120, 240, 480, 960, 1500, 1500}) {
    put(8, 100);
    schedule_.missed(now_);
    EXPECT_EQ(left(), seconds(pause));
  }
  put(8, 100);
  schedule_.seen();
  schedule_.missed(now_);
  EXPECT_EQ(left(), seconds(15));
}

TEST_F(PutScheduleTest, ALookDuringAPutSaysNothing) {
  schedule_.sent(now_, 3);
  const MonoTime before = schedule_.next();
  schedule_.missed(now_);
  EXPECT_EQ(schedule_.next(), before);
}

TEST(Spread, StaysWithinAQuarter) {
  Duration least = Duration::max(), most{};
  for (int i = 0; i < 2000; ++i) {
    const Duration one = spread(seconds(1000), system_random());
    least = std::min(least, one);
    most = std::max(most, one);
  }
  EXPECT_GE(least, seconds(750));
  EXPECT_LT(least, seconds(800)) << "nodes that began together put together";
  EXPECT_LE(most, seconds(1250));
  EXPECT_GT(most, seconds(1200));
}

}  // namespace
}  // namespace phase::node
