// Goal: of the machines on a link that fetch the same, one asks web servers, and none of them can
// keep another from it for long. Method: a table of names, times and bytes.
#include "boot/web_turn.h"

#include <gtest/gtest.h>

namespace phase::boot {
namespace {

using std::chrono::milliseconds;

class WebTurnTest : public testing::Test {
 protected:
  [[nodiscard]] MonoTime at(int ms) const { return start_ + milliseconds(ms); }
  MonoTime start_{milliseconds(5000)};
  WebTurn turn_{{.stall = milliseconds(2000), .least = 1000}};
};

TEST_F(WebTurnTest, WhoIsAloneAsks) {
  EXPECT_TRUE(turn_.ours(at(0), 0));
  turn_.set_others({});
  EXPECT_TRUE(turn_.ours(at(10), 0));
}

TEST_F(WebTurnTest, TheFirstByNameAsksAndTheOthersWaitWhileBytesCome) {
  turn_.set_name("b");
  turn_.set_others({"c", "d"});
  EXPECT_TRUE(turn_.ours(at(0), 0));
  turn_.set_others({"c", "a"});
  std::uint64_t checked = 0;
  for (int ms = 100; ms < 60'000; ms += 250) {
    EXPECT_FALSE(turn_.ours(at(ms), checked)) << ms;
    checked += 125;
  }
  turn_.set_others({"c"});
  EXPECT_TRUE(turn_.ours(at(60'000), checked)) << "the first has gone";
}

TEST_F(WebTurnTest, WhoHasNoNameYetLetsThoseWithOneGoFirst) {
  turn_.set_others({"z"});
  EXPECT_FALSE(turn_.ours(at(0), 0));
  turn_.set_name("a");
  turn_.set_others({"z"});
  EXPECT_TRUE(turn_.ours(at(100), 0));
}

// Each stays for less than it would be waited for, and the next one comes when it is gone.
TEST_F(WebTurnTest, ThoseThatComeAndGoAreOneAfterTheOtherWaitedForNoLonger) {
  turn_.set_name("b");
  std::uint64_t brought = 0;
  int held = 0;
  for (int ms = 0; ms < 60'000; ms += 100) {
    turn_.set_others(ms % 2000 < 1800 ? std::vector<std::string>{"a" + std::to_string(ms / 2000)}
                                      : std::vector<std::string>{});
    if (turn_.ours(at(ms), brought)) continue;
    held += 100;
    brought += 10;
  }
  EXPECT_EQ(held, 2000);
}

TEST_F(WebTurnTest, AFirstThatBringsNothingIsNotWaitedForTwice) {
  turn_.set_name("b");
  EXPECT_TRUE(turn_.ours(at(0), 700));
  turn_.set_others({"a"});
  EXPECT_FALSE(turn_.ours(at(100), 700));
  EXPECT_FALSE(turn_.ours(at(2099), 1699));
  EXPECT_TRUE(turn_.ours(at(2100), 1699)) << "999 bytes came since others were known";
  turn_.set_others({"a"});
  EXPECT_TRUE(turn_.ours(at(2200), 1'000'000));
  turn_.release();
  turn_.set_others({"a"});
  EXPECT_FALSE(turn_.ours(at(2400), 0)) << "another release is judged by itself";
}

}  // namespace
}  // namespace phase::boot
