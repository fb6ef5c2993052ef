#include "boot/machine/lease_race.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace phase::boot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Link link(int index, bool carrier) {
  Link out;
  out.index = index;
  out.name = "eth" + std::to_string(index);
  out.carrier = carrier;
  return out;
}

DhcpLease lease(bool with_router) {
  DhcpLease out;
  out.address = {10, 0, 0, 9};
  out.prefix = 24;
  if (with_router) out.router = {10, 0, 0, 1};
  return out;
}

const MonoTime kStart{seconds(1000)};

TEST(LeaseRace, AsksOnEveryInterfaceThatHasCarrierSideBySide) {
  LeaseRace race;
  race.set_links({link(1, true), link(2, false), link(3, true)}, kStart);
  EXPECT_THAT(race.take_starts(kStart), ElementsAre(1, 3));
  EXPECT_THAT(race.take_starts(kStart), IsEmpty());
  race.set_links({link(1, true), link(2, true), link(3, true)}, kStart + seconds(1));
  EXPECT_THAT(race.take_starts(kStart + seconds(1)), ElementsAre(2));
}

TEST(LeaseRace, ALeaseWithARouteWinsAtOnceAlsoOverAnEarlierOneWithout) {
  LeaseRace race;
  race.set_links({link(1, true), link(2, true)}, kStart);
  (void)race.take_starts(kStart);
  race.leased(1, lease(false), kStart);
  EXPECT_FALSE(race.winner(kStart));
  race.leased(2, lease(true), kStart + milliseconds(200));
  const auto winner = race.winner(kStart + milliseconds(200));
  ASSERT_TRUE(winner);
  EXPECT_EQ(winner->index, 2);
  EXPECT_EQ(winner->name, "eth2");
}

TEST(LeaseRace, ALeaseWithoutARouteWinsWhenTheGraceIsOver) {
  LeaseRace race;
  race.set_links({link(1, true), link(2, true)}, kStart);
  (void)race.take_starts(kStart);
  race.leased(1, lease(false), kStart);
  ASSERT_TRUE(race.deadline());
  EXPECT_EQ(*race.deadline(), kStart + seconds(3));
  EXPECT_FALSE(race.winner(kStart + milliseconds(2999)));
  ASSERT_TRUE(race.winner(kStart + seconds(3)));
  EXPECT_EQ(race.winner(kStart + seconds(3))->index, 1);
}

TEST(LeaseRace, ALeaseWithoutARouteWinsAtOnceWhereNobodyElseCanBringOne) {
  LeaseRace race;
  race.set_links({link(1, true), link(2, false)}, kStart);
  (void)race.take_starts(kStart);
  race.leased(1, lease(false), kStart);
  EXPECT_TRUE(race.winner(kStart));
}

TEST(LeaseRace, AFailedAttemptIsRepeatedAfterGrowingPauses) {
  LeaseRace race;
  race.set_links({link(1, true)}, kStart);
  MonoTime now = kStart;
  for (const int pause : {1, 2, 4, 8, 16, 16}) {
    ASSERT_THAT(race.take_starts(now), ElementsAre(1));
    race.failed(1, "no usable answer", now);
    ASSERT_TRUE(race.deadline());
    EXPECT_EQ(*race.deadline(), now + seconds(pause));
    EXPECT_THAT(race.take_starts(now + seconds(pause) - milliseconds(1)), IsEmpty());
    now += seconds(pause);
  }
  EXPECT_EQ(race.summary(), "eth1 (carrier, 6 attempts, last: no usable answer)");
}

TEST(LeaseRace, PluggingInACableStartsAnewAtOnce) {
  LeaseRace race;
  race.set_links({link(1, true)}, kStart);
  (void)race.take_starts(kStart);
  race.failed(1, "x", kStart);
  race.set_links({link(1, false)}, kStart + milliseconds(10));
  EXPECT_FALSE(race.any_carrier());
  EXPECT_FALSE(race.deadline());
  race.set_links({link(1, true)}, kStart + milliseconds(20));
  EXPECT_THAT(race.take_starts(kStart + milliseconds(20)), ElementsAre(1));
}

TEST(LeaseRace, AnInterfaceThatIsGoneTakesItsLeaseAlong) {
  LeaseRace race;
  race.set_links({link(1, true), link(2, false)}, kStart);
  (void)race.take_starts(kStart);
  race.leased(1, lease(true), kStart);
  race.set_links({link(2, false)}, kStart);
  EXPECT_FALSE(race.winner(kStart));
  race.failed(1, "late", kStart);
  race.leased(1, lease(true), kStart);
  EXPECT_FALSE(race.winner(kStart));
  EXPECT_EQ(race.summary(), "eth2 (no carrier)");
}

}  // namespace
}  // namespace phase::boot
