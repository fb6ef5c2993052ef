// Goal: a thousand clients that hold connections without taking part neither keep others out nor cost
// memory, and are gone by their deadlines. Method: idle ones, such as never end a header and such as
// never read an answer, from many addresses, at a provider with short deadlines; curl beside them.
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <chrono>
#include <fstream>
#include <thread>
#include <vector>

#include "tests/integration/http_fixture.h"

namespace phase::node::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr std::size_t kHeld = 1'000;
constexpr std::size_t kOfOneAddress = 50;

/// Bytes of this process that no file stands behind.
std::uint64_t own_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("RssAnon:")) return std::stoull(line.substr(8)) * 1024;
  return 0;
}

/// Both ends of each connection are in this process.
void allow_descriptors(rlim_t count) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = std::max(limit.rlim_cur, count);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0) << "descriptors: " << limit.rlim_max;
}

class HttpHeldTest : public HttpProviderTest {
 protected:
  HttpHeldTest() { options_.max_per_address = kOfOneAddress; }
  /// Waits for `count` connections.
  [[nodiscard]] bool active(std::uint64_t count) const {
    const auto end = steady_clock::now() + seconds(60);
    while (provider_->counters().active != count && steady_clock::now() < end)
      std::this_thread::yield();
    return provider_->counters().active == count;
  }
  void hold(std::size_t count, const std::vector<std::string>& requests) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto from = static_cast<std::uint8_t>(2 + held_.size() / kOfOneAddress);
      held_.push_back(std::make_unique<RawClient>(port_, 4096, from));
      const auto& request = requests[i % requests.size()];
      ASSERT_TRUE(request.empty() || held_.back()->send(request));
    }
  }
  std::vector<std::unique_ptr<RawClient>> held_;
};

TEST_F(HttpHeldTest, AThousandHeldConnectionsHarmNobodyAndEnd) {
  allow_descriptors(4 * kHeld);
  options_.idle_timeout = options_.header_deadline = options_.progress_window = seconds(6);
  start();
  const auto file = content("initramfs");
  const auto memory = own_memory();
  hold(kHeld, {"", "GET /healthz HTTP/1.1\r\nHo",
               "GET /stable/x86_64/initramfs HTTP/1.1\r\nHost: x\r\n\r\n"});
  ASSERT_TRUE(active(kHeld)) << "the attack was not delivered: " << provider_->counters().active;
  EXPECT_EQ(curl("", "/stable/x86_64/initramfs"), file);
  EXPECT_GT(provider_->counters().bytes_sent, file.size());
  EXPECT_LT(own_memory() - memory, kHeld * 8 * 1024) << "bytes for " << kHeld << " connections";
  ASSERT_TRUE(active(0)) << "they stay: " << provider_->counters().active;
  EXPECT_EQ(provider_->counters().refused_connections, 0u);
  EXPECT_GE(provider_->counters().cut_connections, kHeld / 2);
  EXPECT_EQ(status("", "/healthz"), "200");
}

// Deadlines are far away here: only who asks for nothing is in the way of who asks.
TEST_F(HttpHeldTest, WhoeverWaitsLongestMakesRoomNearTheCap) {
  options_.max_connections = 160;
  options_.threads = 1;
  start();
  hold(140, {"GET /healthz HTTP/1.1\r\nHo"});
  ASSERT_TRUE(active(140));
  EXPECT_EQ(provider_->counters().cut_connections, 0u);
  for (int i = 0; i < 30; ++i) ASSERT_EQ(status("", "/healthz"), "200") << i;
  hold(50, {"", "GET / HTTP/1.1\r\n"});
  EXPECT_EQ(status("", "/healthz"), "200");
  EXPECT_EQ(provider_->counters().refused_connections, 0u);
  EXPECT_GE(provider_->counters().cut_connections, 50u);
  EXPECT_TRUE(held_.front()->read_to_end(seconds(20)).empty());
  EXPECT_TRUE(held_.front()->closed()) << "the first one that waited";
}

}  // namespace
}  // namespace phase::node::test
