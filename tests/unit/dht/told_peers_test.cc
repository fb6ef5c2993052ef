#include "dht/told_peers.h"

#include <gtest/gtest.h>

namespace phase::dht {
namespace {

using std::chrono::milliseconds;

Endpoint peer(int number) {
  return *parse_endpoint("10.1." + std::to_string(number / 250) + "." +
                          std::to_string(number % 250 + 1) + ":6881");
}

TEST(ToldPeers, OnceHoweverManyNodesNameThePeer) {
  ToldPeers told;
  const MonoTime now{};
  EXPECT_TRUE(told.tell(peer(1), now));
  EXPECT_FALSE(told.tell(peer(1), now));
  EXPECT_TRUE(told.tell(peer(2), now));
}

TEST(ToldPeers, AgainAfterAWhile) {
  ToldPeers told;
  const MonoTime now{};
  EXPECT_TRUE(told.tell(peer(1), now));
  EXPECT_FALSE(told.tell(peer(1), now + ToldPeers::kAgain - milliseconds(1)));
  EXPECT_TRUE(told.tell(peer(1), now + ToldPeers::kAgain));
  EXPECT_FALSE(told.tell(peer(1), now + ToldPeers::kAgain));
}

TEST(ToldPeers, BeyondTheLimitNobodyIsLeftOut) {
  ToldPeers told;
  const MonoTime now{};
  for (int i = 0; i < static_cast<int>(ToldPeers::kMaxPeers); ++i) {
    ASSERT_TRUE(told.tell(peer(i), now));
  }
  const Endpoint one_more = peer(ToldPeers::kMaxPeers);
  EXPECT_TRUE(told.tell(one_more, now));
  EXPECT_TRUE(told.tell(one_more, now)) << "there is no room to remember it";
  EXPECT_FALSE(told.tell(peer(0), now));
  // Old ones make room.
  EXPECT_TRUE(told.tell(one_more, now + ToldPeers::kAgain));
  EXPECT_FALSE(told.tell(one_more, now + ToldPeers::kAgain));
}

}  // namespace
}  // namespace phase::dht
