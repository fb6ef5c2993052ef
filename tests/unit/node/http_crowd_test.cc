#include "node/http_crowd.h"

#include <gtest/gtest.h>

namespace phase::node {
namespace {

struct Client final : HttpCrowd::Member {
  explicit Client(HttpCrowd& its) : crowd(its) { crowd.join(*this); }
  ~Client() override { crowd.leave(*this); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  void make_room() override {
    asked = true;
    crowd.leave(*this);
  }
  HttpCrowd& crowd;
  bool asked = false;
};

TEST(HttpCrowd, TheOneThatHasWaitedLongestMakesRoom) {
  HttpCrowd crowd;
  Client first(crowd), second(crowd), third(crowd);
  crowd.works(first);
  crowd.waits(first);  // answered: it waits anew
  EXPECT_TRUE(crowd.make_room());
  EXPECT_TRUE(second.asked);
  EXPECT_TRUE(crowd.make_room());
  EXPECT_TRUE(third.asked);
  EXPECT_FALSE(first.asked);
}

TEST(HttpCrowd, WhoeverIsAnsweredStays) {
  HttpCrowd crowd;
  Client busy(crowd);
  crowd.works(busy);
  crowd.works(busy);
  EXPECT_FALSE(crowd.make_room());
  {
    const Client gone(crowd);
  }
  EXPECT_FALSE(crowd.make_room());
  EXPECT_FALSE(busy.asked);
}

TEST(HttpCrowd, WaitingOnDoesNotMakeOneNew) {
  HttpCrowd crowd;
  Client first(crowd), second(crowd);
  crowd.waits(first);
  EXPECT_TRUE(crowd.make_room());
  EXPECT_TRUE(first.asked);
}

}  // namespace
}  // namespace phase::node
