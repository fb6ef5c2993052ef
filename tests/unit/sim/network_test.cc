// Goal: hosts meet over the switch as fast as their links say, and get leases. Method: programs
// that everybody knows (ping, nc-like busybox, dnsmasq and udhcpc) in real namespaces.
#include "sim/network.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "sim/command.h"

namespace phase::sim {
namespace {

using std::chrono::duration;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr const char* kScratch = "/run/phase-sim";

std::unique_ptr<Network> network() {
  auto made = Network::create();
  EXPECT_TRUE(made.ok()) << made.error().detail;
  return std::move(*made);
}

TEST(Network, CarriesPacketsBetweenHostsAndStopsWhereThePlugIsPulled) {
  auto net = network();
  auto a = net->add_host("a", "10.77.0.2");
  auto b = net->add_host("b", "10.77.0.3");
  ASSERT_TRUE(a.ok() && b.ok());
  ASSERT_TRUE(net->add_address(*b, "10.77.1.9").ok());
  const std::vector<std::string> ping = {"busybox", "ping", "-c", "1", "-W", "2", "10.77.1.9"};
  auto answered = run_command(ping, a->name);
  EXPECT_TRUE(answered.ok()) << answered.error().detail;
  ASSERT_TRUE(net->set_plugged(*b, false).ok());
  EXPECT_FALSE(run_command(ping, a->name).ok());
}

TEST(Network, IntroducesHostsToEachOther) {
  auto net = network();
  auto a = net->add_host("a", "10.77.0.2");
  auto b = net->add_host("b", "10.77.0.3");
  ASSERT_TRUE(a.ok() && b.ok());
  auto introduced = net->introduce_hosts();
  ASSERT_TRUE(introduced.ok()) << introduced.error().detail;
  const auto known = run_command({"ip", "neighbour", "show"}, a->name);
  ASSERT_TRUE(known.ok());
  EXPECT_NE(known->find("10.77.0.3 dev eth0 lladdr 02:00:0a:4d:00:03 PERMANENT"), std::string::npos)
      << *known;
  EXPECT_TRUE(run_command({"busybox", "ping", "-c", "1", "-W", "2", "10.77.0.3"}, a->name).ok());
}

TEST(Network, HoldsTheRateOfALink) {
  auto net = network();
  auto server = net->add_host("server", "10.77.0.2", Rate{80'000'000});
  auto client = net->add_host("client", "10.77.0.3");
  ASSERT_TRUE(server.ok() && client.ok());
  const std::string folder = std::string(kScratch) + "/www";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/file") << std::string(10'000'000, 'x');

  ProcessOptions options;
  options.argv = {"busybox", "httpd", "-f", "-vv", "-p", "8080", "-h", folder};
  options.netns = server->name;
  auto httpd = Process::start(options);
  ASSERT_TRUE(httpd.ok());
  // --retry-connrefused waits for the server with curl's own means.
  const auto begin = steady_clock::now();
  auto got = run_command({"curl", "--silent", "--show-error", "--retry", "10", "--retry-delay",
                          "1", "--retry-connrefused", "--output", "/dev/null", "--write-out",
                          "%{size_download} %{time_total}\n", "http://10.77.0.2:8080/file"},
                         client->name);
  ASSERT_TRUE(got.ok()) << got.error().detail;
  const double seconds_taken = duration<double>(steady_clock::now() - begin).count();
  EXPECT_EQ(got->substr(0, 9), "10000000 ");
  // 10 MB over 80 Mbit/s take a second; the bucket gives the first 100 KB away.
  EXPECT_GE(std::stod(got->substr(9)), 0.95) << *got;
  EXPECT_LT(seconds_taken, 8.0);
}

TEST(Network, GivesLeases) {
  auto net = network();
  auto router = net->add_host("router", "10.77.0.1");
  auto client = net->add_host("client", "10.77.0.9");
  ASSERT_TRUE(router.ok() && client.ok());
  auto dhcp = net->start_dhcp(*router, "10.77.9.10", "10.77.9.20", kScratch);
  ASSERT_TRUE(dhcp.ok()) << dhcp.error().detail;
  auto lease = run_command({"busybox", "udhcpc", "-i", "eth0", "-f", "-q", "-n", "-s", "/bin/true"},
                           client->name);
  ASSERT_TRUE(lease.ok()) << lease.error().detail;
  EXPECT_TRUE((*dhcp)->wait_for_line("DHCPACK.* 10\\.77\\.9\\.", seconds(5)).ok());
}

TEST(Network, CanBeMadeAgainInTheSameSandbox) {
  for (int round = 0; round < 2; ++round) {
    auto net = network();
    EXPECT_TRUE(net->add_host("a", "10.77.0.2").ok());
    EXPECT_TRUE(net->add_tap("tap0", Rate{1'000'000}).ok());
  }
}

}  // namespace
}  // namespace phase::sim
