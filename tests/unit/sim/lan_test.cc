// Goal: a LAN is a link of its own whose router forwards, translates, gives leases and can be cut
// off; and a capture sees every packet that passed. Method: ping, busybox and dnsmasq in real
// namespaces; captures of what leaves at the uplink.
#include <gmock/gmock.h>

#include <algorithm>
#include <string>

#include "sim/capture.h"
#include "sim/command.h"
#include "sim/must.h"
#include "sim/network.h"

namespace phase::sim {
namespace {

using std::chrono::seconds;

constexpr const char* kScratch = "/run/phase-sim";
constexpr const char* kPcap = "/run/phase-sim/uplink.pcap";

std::vector<std::string> ping(const std::string& address) {
  return {"busybox", "ping", "-c", "1", "-W", "2", address};
}

class LanTest : public testing::Test {
 protected:
  std::unique_ptr<Network> network = must(Network::create());
  Host outside = must(network->add_host("outside", "10.77.0.1"));
  Lan lan = must(network->add_lan("home"));
  Host inside = must(network->add_host(lan, "inside", 5));

  std::unique_ptr<Capture> at_uplink() {
    return must(Capture::start({kUplink, lan.router.name, kPcap, true}));
  }
};

TEST_F(LanTest, ForwardsAndTranslatesUntilTheUplinkIsUnplugged) {
  auto capture = at_uplink();
  must(run_command(ping(outside.address), inside.name));
  const auto packets = must(capture->stop());
  EXPECT_EQ(std::count_if(packets.begin(), packets.end(),
                          [this](const Packet& packet) {
                            return packet.kind() == "ICMP echo request" &&
                                   packet.source == lan.uplink_address &&
                                   packet.destination == outside.address;
                          }),
            1)
      << count_kinds(packets);
  EXPECT_FALSE(run_command(ping(inside.address), outside.name).ok()) << "the LAN is reached from outside";

  must(network->set_uplink_plugged(lan, false));
  EXPECT_FALSE(run_command(ping(outside.address), inside.name).ok());
  must(run_command(ping(lan.router.address), inside.name));
  must(network->set_uplink_plugged(lan, true));
  // The router may still wait for an answer to what it asked while it was cut off.
  must(run_command({"sh", "-c", "for i in 1 2 3 4 5; do busybox ping -c 1 -W 1 " + outside.address +
                                    " && exit; done; exit 1"},
                   inside.name));
}

TEST_F(LanTest, SaysNothingOfItsOwnAtTheUplinkAndShowsWhatWouldLeaveByIpv6) {
  auto services = must(network->start_services(lan, {}, kScratch));
  auto quiet = at_uplink();
  must(run_command(ping(lan.router.address), inside.name));
  const auto none = must(quiet->stop());
  EXPECT_TRUE(none.empty()) << none.front().text();

  // New on the link, so that it asks for the router at once.
  const Host late = must(network->add_host(lan, "late", 6));
  must(run_command({"sh", "-c",
                    "for i in $(seq 400); do ip -6 route | grep -q '^default via fe80' && "
                    "ip -6 address show scope global -tentative | grep -q 2001:db8:1: && exit; "
                    "sleep 0.05; done; exit 1"},
                   late.name));
  auto leak = at_uplink();
  EXPECT_FALSE(run_command({"busybox", "ping6", "-c", "1", "-W", "1", "2001:db8:9999::1"}, late.name).ok());
  const auto seen = must(leak->stop());
  ASSERT_EQ(seen.size(), 1u) << count_kinds(seen);
  EXPECT_EQ(seen.front().destination, "2001:db8:9999::1");
  EXPECT_THAT(seen.front().source, testing::StartsWith("2001:db8:1:"));
}

TEST_F(LanTest, LeasesNameTheRouterAndItsDnsAsksOnOnlyWhereItIsTold) {
  const std::vector<std::string> lease = {"busybox", "udhcpc", "-i", "eth0", "-f", "-q", "-n", "-s",
                                          "/bin/true"};
  const std::vector<std::string> look_up = {"busybox", "timeout", "2", "busybox", "nslookup",
                                            "name.example", lan.router.address};
  for (const bool forwards : {false, true}) {
    LanServiceOptions options;
    if (forwards) options.dns_upstream = outside.address;
    auto services = must(network->start_services(lan, options, kScratch));
    must(run_command(lease, inside.name));
    (void)must(services->wait_for_line("DHCPACK.* 10\\.78\\.1\\.1", seconds(5)));
    (void)must(services->wait_for_line("sent size:.*option: *3 router *10\\.78\\.1\\.1", seconds(5)));
    (void)must(services->wait_for_line("sent size:.*option: *6 dns-server *10\\.78\\.1\\.1", seconds(5)));
    auto capture = at_uplink();
    EXPECT_FALSE(run_command(look_up, inside.name).ok()) << "nobody knows that name";
    const auto packets = must(capture->stop());
    const auto asked = std::count_if(packets.begin(), packets.end(), [](const Packet& packet) {
      return packet.kind() == "DNS" && packet.contains(as_bytes("example"));
    });
    EXPECT_EQ(asked > 0, forwards) << count_kinds(packets);
    EXPECT_EQ(packets.empty(), !forwards);
  }
}

// Faster than the rate says, by the little that the bucket holds, nothing passes; and what passes is
// counted.
TEST_F(LanTest, AnUplinkWithARateHoldsAllHostsTogetherToItInEachDirection) {
  const auto slow = must(network->add_lan("slow", {8'000'000}));
  ProcessOptions server;
  server.netns = outside.name;
  server.argv = {"sh", "-c", std::string("head -c 500000 /dev/zero > ") + kScratch +
                                 "/zeros && exec busybox httpd -f -p 8080 -h " + kScratch};
  auto httpd = must(Process::start(std::move(server)));
  std::vector<std::string> hosts;
  for (int i = 0; i < 2; ++i) {
    hosts.push_back(must(network->add_host(slow, "slow" + std::to_string(i), 5 + i)).name);
  }
  const auto before = must(Network::uplink_bytes(slow));
  const auto began = std::chrono::steady_clock::now();
  std::vector<std::unique_ptr<Process>> clients;
  for (const std::string& host : hosts) {
    ProcessOptions client;
    client.netns = host;
    client.argv = {"curl", "--silent", "--fail", "--retry", "10", "--retry-delay", "1",
                   "--retry-connrefused", "--output", "/dev/null",
                   "http://" + outside.address + ":8080/zeros"};
    clients.push_back(must(Process::start(std::move(client))));
  }
  for (auto& client : clients) ASSERT_TRUE(must(client->wait(seconds(20))).success());
  const double took =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  const auto after = must(Network::uplink_bytes(slow));
  EXPECT_GT(after.down - before.down, 1'000'000u);
  EXPECT_LT(after.down - before.down, 1'300'000u);
  EXPECT_GT(took, 0.9);
  EXPECT_GT(after.up, before.up);
  EXPECT_LT(after.up - before.up, 200'000u);
}

TEST_F(LanTest, HasMachinesOnTapsAndNeighboursOfItsOwn) {
  auto tap = must(network->add_tap(lan, "tap0"));
  EXPECT_THAT(must(run_command({"ip", "-o", "link", "show", tap})), testing::HasSubstr("master b-home"));
  auto other = must(network->add_lan("other"));
  auto neighbour = must(network->add_host(other, "neighbour", 5));
  EXPECT_EQ(neighbour.address, "10.78.2.5");
  EXPECT_FALSE(run_command(ping(neighbour.address), inside.name).ok());
}

// The first packet follows start() at once and stop() the last one: all of them have to be there.
TEST_F(LanTest, CapturesEveryPacketBetweenStartAndStop) {
  constexpr int kPings = 2000;
  auto capture = must(Capture::start({"eth0", inside.name, kPcap}));
  must(run_command({"busybox", "ping", "-c", std::to_string(kPings), "-A", "-W", "5",
                    lan.router.address},
                   inside.name));
  const auto packets = must(capture->stop());
  EXPECT_EQ(std::count_if(packets.begin(), packets.end(),
                          [](const Packet& packet) { return packet.kind() == "ICMP echo reply"; }),
            kPings);
  const auto again = must(read_capture(kPcap));
  ASSERT_EQ(again.size(), packets.size());
  EXPECT_EQ(again.back().bytes, packets.back().bytes);
}

TEST_F(LanTest, CaptureNamesAnInterfaceThatIsNotThere) {
  const auto none = Capture::start({"eth7", inside.name, kPcap});
  ASSERT_FALSE(none.ok());
  EXPECT_THAT(none.error().detail, testing::HasSubstr("eth7"));
}

}  // namespace
}  // namespace phase::sim
