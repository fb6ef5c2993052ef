// Goal: a partition separates what it names, connections that stand too, and its end brings them
// back. Method: TCP connections between real namespaces.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "proto/fd.h"
#include "sim/command.h"
#include "sim/must.h"
#include "sim/network.h"
#include "tests/integration/in_network.h"

namespace phase::sim {
namespace {

constexpr std::uint16_t kPort = 9000;

sockaddr_in at(const std::string& address) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(kPort);
  EXPECT_EQ(inet_pton(AF_INET, address.c_str(), &out.sin_addr), 1);
  return out;
}

/// True where bytes come within `milliseconds`.
bool hears(const Fd& socket, int milliseconds) {
  pollfd waiting{socket.get(), POLLIN, 0};
  std::array<char, 64> bytes{};
  return ::poll(&waiting, 1, milliseconds) == 1 && ::recv(socket.get(), bytes.data(), bytes.size(), 0) > 0;
}

struct Connection {
  Fd client, server;
  [[nodiscard]] bool carries(int milliseconds) const {
    return ::send(client.get(), "x", 1, MSG_NOSIGNAL) == 1 && hears(server, milliseconds);
  }
};

Connection connect(const Host& from, const Host& to) {
  const sockaddr_in there = at(to.address);
  const auto* address = reinterpret_cast<const sockaddr*>(&there);
  Fd listening;
  {
    const InNetwork in(to);
    listening = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(listening.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    EXPECT_EQ(::bind(listening.get(), address, sizeof there), 0);
    EXPECT_EQ(::listen(listening.get(), 1), 0);
  }
  const InNetwork in(from);
  Connection out;
  out.client = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(out.client.get(), address, sizeof there), 0);
  out.server = Fd(::accept(listening.get(), nullptr, nullptr));
  return out;
}

TEST(Partition, StallsWhatIsConnectedAndItsEndLetsItGoOn) {
  auto net = must(Network::create());
  const Host a = must(net->add_host("a", "10.77.0.2"));
  const Host b = must(net->add_host("b", "10.77.0.3"));
  const Host c = must(net->add_host("c", "10.77.0.4"));
  const Host d = must(net->add_host("d", "10.77.0.5"));
  const Connection parted = connect(a, b);
  const Connection same_side = connect(c, b);
  const Connection in_no_group = connect(d, a);
  ASSERT_TRUE(parted.carries(1000));

  must(net->partition({{"a"}, {"b", "c"}}));
  EXPECT_FALSE(parted.carries(1500));
  EXPECT_TRUE(same_side.carries(1000));
  EXPECT_TRUE(in_no_group.carries(1000));
  const std::vector<std::string> ping = {"busybox", "ping", "-c", "1", "-W", "1", b.address};
  EXPECT_FALSE(run_command(ping, a.name).ok());

  must(net->partition({}));
  EXPECT_TRUE(hears(parted.server, 10'000)) << "what was sent meanwhile never came";
}

TEST(Partition, NamesLansAndTapsAndRefusesWhatIsNotThere) {
  auto net = must(Network::create());
  const Host outside = must(net->add_host("outside", "10.77.0.2"));
  const Lan lan = must(net->add_lan("home"));
  const Host inside = must(net->add_host(lan, "inside", 10));
  (void)must(net->add_tap("tap1"));
  const std::vector<std::string> ping = {"busybox", "ping", "-c", "1", "-W", "2", outside.address};
  must(run_command(ping, inside.name));
  must(net->partition({{"home"}, {"outside", "tap1"}}));
  EXPECT_FALSE(run_command(ping, inside.name).ok());
  // Another takes its place.
  must(net->partition({{"home"}, {"tap1"}}));
  EXPECT_TRUE(run_command(ping, inside.name).ok());
  const auto unknown = net->partition({{"home"}, {"nobody"}});
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code, ErrorCode::kUsage);
}

TEST(Network, CountsWhatEachHostSentAndReceived) {
  auto net = must(Network::create());
  const Host a = must(net->add_host("a", "10.77.0.2"));
  const Host b = must(net->add_host("b", "10.77.0.3"));
  const auto before = must(net->link_bytes());
  must(run_command({"busybox", "ping", "-c", "2", "-s", "1000", "-W", "2", b.address}, a.name));
  const auto after = must(net->link_bytes());
  EXPECT_GE(after.at("a").sent - before.at("a").sent, 2000u);
  EXPECT_GE(after.at("b").received - before.at("b").received, 2000u);
  EXPECT_LT(after.at("b").received - before.at("b").received, 6000u);
}

}  // namespace
}  // namespace phase::sim
