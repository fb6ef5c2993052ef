// tests/unit/sim/link_queue_test.cc
#include "sim/link_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace phase::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr MonoTime kBegin{seconds(100)};

Bytes frame(unsigned type, std::uint8_t content, std::size_t size = 64) {
  Bytes out(size, content);
  out[12] = static_cast<std::uint8_t>(type >> 8U);
  out[13] = static_cast<std::uint8_t>(type);
  return out;
}
Bytes ip(std::uint8_t content, std::size_t size = 64) { return frame(0x0800, content, size); }
Bytes arp(std::uint8_t content) { return frame(0x0806, content); }

/// Contents of what is due at `now`, in order.
std::string due(LinkQueue& queue, MonoTime now) {
  std::string out;
  while (const auto next = queue.pop(now)) out.push_back(static_cast<char>(next->back()));
  return out;
}

TEST(LinkQueue, HoldsAPacketForTheDelayAndNoLonger) {
  LinkQueue queue({.delay = milliseconds(25)});
  EXPECT_EQ(queue.next_due(), MonoTime::max());
  queue.push(ip('a'), kBegin);
  queue.push(ip('b'), kBegin + milliseconds(1));
  EXPECT_EQ(queue.next_due(), kBegin + milliseconds(25));
  EXPECT_EQ(due(queue, kBegin + milliseconds(25) - microseconds(1)), "");
  EXPECT_EQ(due(queue, kBegin + milliseconds(25)), "a");
  EXPECT_EQ(queue.next_due(), kBegin + milliseconds(26));
  EXPECT_EQ(due(queue, kBegin + milliseconds(26)), "b");
  EXPECT_EQ(queue.counts().passed, 2U);
}

TEST(LinkQueue, KeepsTheOrderWhateverTheJitter) {
  LinkQueue queue({.delay = milliseconds(25), .jitter = milliseconds(20)});
  std::string sent;
  for (char c = 'a'; c <= 'z'; ++c) {
    queue.push(ip(static_cast<std::uint8_t>(c)), kBegin + milliseconds(c - 'a'));
    sent.push_back(c);
  }
  // The last one's own delay is over by then, so is that of everybody before it.
  EXPECT_EQ(due(queue, kBegin + milliseconds(25 + 20 + 26)), sent);
}

TEST(LinkQueue, LetsWhatIsNoIpPassAtOnceAndUnharmed) {
  LinkQueue queue({.delay = milliseconds(25), .loss = 1});
  queue.push(arp('x'), kBegin);
  queue.push(ip('a'), kBegin);
  queue.push(Bytes(5, 'y'), kBegin);
  EXPECT_EQ(due(queue, kBegin), "xy");
  EXPECT_EQ(due(queue, kBegin + seconds(1)), "");
  EXPECT_EQ(queue.counts().lost, 1U);
  LinkQueue slow({.delay = milliseconds(25)});
  slow.push(ip('a'), kBegin);
  slow.push(arp('x'), kBegin + milliseconds(1));
  EXPECT_EQ(due(slow, kBegin + milliseconds(1)), "x");
  EXPECT_EQ(due(slow, kBegin + milliseconds(25)), "a");
}

std::string fate(const Path& path, int packets) {
  LinkQueue queue(path);
  std::string out;
  for (int i = 0; i < packets; ++i) {
    queue.push(ip('p'), kBegin);
    out.push_back(due(queue, kBegin + seconds(1)).empty() ? '-' : '+');
  }
  return out;
}

// 10,000 packets at 10 % lose 1,000; the standard deviation is 30.
TEST(LinkQueue, LosesAsManyAsItIsTold) {
  const std::string seen = fate({.loss = 0.1}, 10'000);
  const auto lost = std::count(seen.begin(), seen.end(), '-');
  EXPECT_GT(lost, 850);
  EXPECT_LT(lost, 1150);
  EXPECT_EQ(fate({.loss = 0}, 1000), std::string(1000, '+'));
}

TEST(LinkQueue, FaresTheSameWithTheSameSeed) {
  EXPECT_EQ(fate({.loss = 0.3, .rng_seed = 7}, 500), fate({.loss = 0.3, .rng_seed = 7}, 500));
  EXPECT_NE(fate({.loss = 0.3, .rng_seed = 7}, 500), fate({.loss = 0.3, .rng_seed = 8}, 500));
}

TEST(LinkQueue, HoldsNoMoreThanItsBytes) {
  LinkQueue queue({.delay = seconds(1)});
  constexpr std::size_t kFrame = 64 * 1024;
  for (std::size_t sent = 0; sent < 2 * LinkQueue::kMaxBytes; sent += kFrame) {
    queue.push(ip('p', kFrame), kBegin);
  }
  EXPECT_EQ(queue.counts().overflowed, LinkQueue::kMaxBytes / kFrame);
  EXPECT_EQ(due(queue, kBegin + seconds(1)).size(), LinkQueue::kMaxBytes / kFrame);
  queue.push(ip('p', kFrame), kBegin + seconds(2));
  EXPECT_EQ(due(queue, kBegin + seconds(3)).size(), 1U);
}

}  // namespace
}  // namespace phase::sim
