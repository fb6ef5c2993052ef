// tests/unit/dht/event_queue_test.cc
#include "dht/event_queue.h"

#include <gtest/gtest.h>

namespace phase::dht {
namespace {

TEST(EventQueue, KeepsTheOrder) {
  EventQueue queue(10);
  EXPECT_TRUE(queue.empty());
  queue.push(DhtReady{3});
  queue.push(MetadataReceived{1});
  const auto events = queue.take();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<DhtReady>(events[0]));
  EXPECT_TRUE(std::holds_alternative<MetadataReceived>(events[1]));
  EXPECT_TRUE(queue.empty());
}

// A flood of answers must not push out what is said only once.
TEST(EventQueue, DropsTheOldestThatOnlyRepeats) {
  EventQueue queue(3);
  queue.push(MetadataReceived{1});
  queue.push(ItemAnswered{1});
  queue.push(ReleaseCompleted{1});
  queue.push(ItemAnswered{2});
  queue.push(PeerBanned{1, {}});
  const auto events = queue.take();
  ASSERT_EQ(events.size(), 3u);
  EXPECT_TRUE(std::holds_alternative<MetadataReceived>(events[0]));
  EXPECT_TRUE(std::holds_alternative<ReleaseCompleted>(events[1]));
  EXPECT_TRUE(std::holds_alternative<PeerBanned>(events[2]));
}

TEST(EventQueue, StaysBoundedWhereNothingRepeats) {
  EventQueue queue(2);
  for (ReleaseId release = 1; release <= 5; ++release) queue.push(ReleaseCompleted{release});
  const auto events = queue.take();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(std::get<ReleaseCompleted>(events[0]).release, 4u);
  EXPECT_EQ(std::get<ReleaseCompleted>(events[1]).release, 5u);
}

}  // namespace
}  // namespace phase::dht
