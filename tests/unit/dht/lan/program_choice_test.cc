// Goal: one responder per host, and always one. Method: time and the programs' words are values.
#include "dht/lan/program_choice.h"

#include <gtest/gtest.h>

namespace phase::dht::lan {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const MonoTime kStart{std::chrono::hours(1)};

TEST(ProgramChoice, TakesPhaseLanAtOnceWhereThereIsNoOther) {
  const ProgramChoice choice(false, seconds(30), kStart);
  EXPECT_TRUE(choice.wanted(Program::kResponder, kStart));
  EXPECT_FALSE(choice.wanted(Program::kBus, kStart));
  EXPECT_EQ(choice.active(), Program::kResponder);
}

TEST(ProgramChoice, WaitsForTheFirstWordAboutADaemonAndNoLongerThanASecond) {
  ProgramChoice choice(true, seconds(30), kStart);
  EXPECT_TRUE(choice.wanted(Program::kBus, kStart));
  EXPECT_FALSE(choice.wanted(Program::kResponder, kStart));
  EXPECT_EQ(choice.deadline(kStart), kStart + seconds(1));
  EXPECT_TRUE(choice.wanted(Program::kResponder, kStart + seconds(1)));
  choice.daemon(false, kStart + milliseconds(3));
  EXPECT_TRUE(choice.wanted(Program::kResponder, kStart + milliseconds(3)));
}

TEST(ProgramChoice, FollowsADaemonThatComesAndGoes) {
  ProgramChoice choice(true, seconds(30), kStart);
  choice.daemon(true, kStart);
  EXPECT_EQ(choice.active(), Program::kBus);
  EXPECT_FALSE(choice.wanted(Program::kResponder, kStart + seconds(100)));
  const auto gone = kStart + seconds(100);
  choice.daemon(false, gone);
  EXPECT_EQ(choice.active(), Program::kResponder);
  EXPECT_FALSE(choice.wanted(Program::kResponder, gone + seconds(29)));
  EXPECT_EQ(choice.deadline(gone), gone + seconds(30));
  EXPECT_TRUE(choice.wanted(Program::kResponder, gone + seconds(30)));
  choice.daemon(false, gone + seconds(20));  // Said twice, it is no later.
  EXPECT_TRUE(choice.wanted(Program::kResponder, gone + seconds(30)));
  choice.daemon(true, gone + seconds(40));
  EXPECT_FALSE(choice.wanted(Program::kResponder, gone + seconds(40)));
}

TEST(ProgramChoice, StartsAgainAfterGrowingPauses) {
  ProgramChoice choice(false, seconds(30), kStart);
  auto now = kStart;
  for (const int pause : {1, 2, 4, 8, 16, 32, 60, 60}) {
    choice.started(Program::kResponder, now);
    choice.ended(Program::kResponder, now);
    EXPECT_FALSE(choice.wanted(Program::kResponder, now + seconds(pause) - milliseconds(1)));
    EXPECT_EQ(choice.deadline(now), now + seconds(pause));
    now += seconds(pause);
    EXPECT_TRUE(choice.wanted(Program::kResponder, now));
  }
  choice.started(Program::kResponder, now);
  now += seconds(60);  // It ran well for a minute.
  choice.ended(Program::kResponder, now);
  EXPECT_TRUE(choice.wanted(Program::kResponder, now + seconds(1)));
}

// Without phase-lan-dbus nobody knows of a daemon: phase-lan steps in, as for one that went away.
TEST(ProgramChoice, TakesPhaseLanWhereTheOtherEnds) {
  ProgramChoice choice(true, seconds(30), kStart);
  choice.started(Program::kBus, kStart);
  choice.ended(Program::kBus, kStart);
  EXPECT_TRUE(choice.wanted(Program::kResponder, kStart));
  EXPECT_TRUE(choice.wanted(Program::kBus, kStart + seconds(1)));
  choice.daemon(true, kStart + seconds(2));
  choice.ended(Program::kBus, kStart + seconds(3));
  EXPECT_FALSE(choice.wanted(Program::kResponder, kStart + seconds(32)));
  EXPECT_TRUE(choice.wanted(Program::kResponder, kStart + seconds(33)));
}

}  // namespace
}  // namespace phase::dht::lan
