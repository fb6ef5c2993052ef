// Goal: a host behind a link with a path is as far away, and its packets are as often lost, as the
// path says, and the rest of a host's link works as on a plain one. Method: datagrams to and fro
// between real sockets in two namespaces.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <vector>

#include "proto/fd.h"
#include "sim/command.h"
#include "sim/network.h"
#include "tests/integration/in_network.h"

namespace phase::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr std::uint16_t kPort = 9000;

sockaddr_in address_of(const Host& host) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(kPort);
  ::inet_pton(AF_INET, host.address.c_str(), &out.sin_addr);
  return out;
}

Fd datagram_socket(const Host& at) {
  const InNetwork there(at);
  Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_in address = address_of(at);
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return fd;
}

void send_to(const Fd& from, const Host& to, std::uint32_t number) {
  const sockaddr_in address = address_of(to);
  EXPECT_EQ(::sendto(from.get(), &number, sizeof number, 0,
                     reinterpret_cast<const sockaddr*>(&address), sizeof address),
            static_cast<ssize_t>(sizeof number));
}

/// Sends `count` datagrams from `a` to `b`, 5 ms apart, and each that arrives back again: the times
/// of those that came back.
std::vector<milliseconds> round_trips(const Host& a, const Host& b, std::uint32_t count) {
  const Fd near = datagram_socket(a);
  const Fd far = datagram_socket(b);
  std::vector<steady_clock::time_point> sent;
  std::vector<milliseconds> out;
  auto last = steady_clock::now();
  while (sent.size() < count || steady_clock::now() < last + seconds(2)) {
    if (sent.size() < count && steady_clock::now() >= last + milliseconds(5)) {
      last = steady_clock::now();
      send_to(near, b, static_cast<std::uint32_t>(sent.size()));
      sent.push_back(last);
    }
    std::array<pollfd, 2> readable{{{near.get(), POLLIN, 0}, {far.get(), POLLIN, 0}}};
    (void)::poll(readable.data(), readable.size(), 1);
    std::uint32_t number = 0;
    while (::recv(far.get(), &number, sizeof number, 0) > 0) send_to(far, a, number);
    while (::recv(near.get(), &number, sizeof number, 0) > 0) {
      out.push_back(std::chrono::floor<milliseconds>(steady_clock::now() - sent.at(number)));
    }
  }
  return out;
}

class LinkTest : public testing::Test {
 protected:
  LinkTest() {
    auto made = Network::create();
    EXPECT_TRUE(made.ok()) << made.error().detail;
    network_ = std::move(*made);
    near_ = host("near", "10.77.0.2", {});
  }
  Host host(const std::string& name, const std::string& address, const Path& path,
            Rate rate = {}) {
    auto made = network_->add_host(name, address, rate, path);
    EXPECT_TRUE(made.ok()) << made.error().detail;
    return made ? *made : Host{};
  }

  std::unique_ptr<Network> network_;
  Host near_;
};

TEST_F(LinkTest, DelaysEveryPacketEachWay) {
  const Host far = host("far", "10.77.0.3", {.delay = milliseconds(25)});
  auto times = round_trips(near_, far, 100);
  ASSERT_EQ(times.size(), 100U);
  std::sort(times.begin(), times.end());
  EXPECT_GE(times.front(), milliseconds(50));
  // A busy machine is late; half of the packets late by half a second would be another defect.
  EXPECT_LT(times[times.size() / 2], milliseconds(500));
  std::printf("round trips of 50 ms: least %ld, median %ld, most %ld ms\n",
              static_cast<long>(times.front().count()), static_cast<long>(times[50].count()),
              static_cast<long>(times.back().count()));
}

// 10 % each way: 81 % come back. The standard deviation of 400 is 2 %.
TEST_F(LinkTest, LosesItsShareEachWay) {
  const Host far = host("far", "10.77.0.3", {.loss = 0.1, .rng_seed = 11});
  const auto times = round_trips(near_, far, 400);
  EXPECT_GT(times.size(), 400 * 72 / 100);
  EXPECT_LT(times.size(), 400 * 90 / 100);
}

TEST_F(LinkTest, IsARatedAndPluggableLinkAsWell) {
  const Host far = host("far", "10.77.0.3", {.delay = milliseconds(1)}, Rate{80'000'000});
  const std::vector<std::string> ping = {"busybox", "ping", "-c", "1", "-W", "2", "10.77.0.2"};
  EXPECT_TRUE(run_command(ping, far.name).ok());
  ASSERT_TRUE(network_->set_plugged(far, false).ok());
  EXPECT_FALSE(run_command(ping, far.name).ok());
  ASSERT_TRUE(network_->set_plugged(far, true).ok());
  EXPECT_TRUE(run_command(ping, far.name).ok());
}

}  // namespace
}  // namespace phase::sim
