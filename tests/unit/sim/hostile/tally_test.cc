#include "sim/hostile/tally.h"

#include <gtest/gtest.h>

#include <sstream>
#include <thread>
#include <vector>

namespace phase::sim {
namespace {

std::string printed(Tally& tally, bool all = false) {
  std::ostringstream out;
  tally.print(out, all);
  return out.str();
}

TEST(Tally, PrintsWhatHasGrownAndInTheEndAll) {
  Tally tally;
  EXPECT_EQ(printed(tally), "");
  tally.add("stall");
  tally.add("stall-bytes", 40);
  EXPECT_EQ(printed(tally), "delivered 1 stall\ndelivered 40 stall-bytes\n");
  EXPECT_EQ(printed(tally), "");
  tally.add("stall-bytes", 2);
  EXPECT_EQ(printed(tally), "delivered 42 stall-bytes\n");
  EXPECT_EQ(printed(tally, true), "delivered 1 stall\ndelivered 42 stall-bytes\n");
}

TEST(Tally, LosesNothingOfManyThreads) {
  Tally tally;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 5000; ++k) tally.add("one");
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(printed(tally), "delivered 20000 one\n");
}

// A run is repeated on another machine: the numbers are the C++ standard's mt19937_64's, whose
// 10,000th is given there.
TEST(Chance, IsTheSeedsAlone) {
  Chance chance(5489);
  std::uint64_t last = 0;
  for (int i = 0; i < 10'000; ++i) last = chance.below(UINT64_MAX);
  EXPECT_EQ(last, 9981545732273789042U);

  Chance one(7), same(7), other(8);
  EXPECT_EQ(one.bytes(1000), same.bytes(1000));
  EXPECT_NE(one.bytes(1000), other.bytes(1000));
}

TEST(Chance, StaysBelowItsEnd) {
  Chance chance(1);
  std::vector<int> seen(3);
  for (int i = 0; i < 1000; ++i) ++seen.at(chance.below(3));
  for (const int count : seen) EXPECT_GT(count, 200);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(chance.one_in(1));
  EXPECT_TRUE(chance.bytes(0).empty());
}

}  // namespace
}  // namespace phase::sim
