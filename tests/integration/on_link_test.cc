// Goal: with only_on_link the kernel itself lets nothing off the link, whoever tries and whatever
// the router offers. Method: bring_up_network() in a namespace behind a router that forwards,
// leases and advertises IPv6; ping and UDP to routed addresses; what leaves is captured at the
// router's uplink. The same without the option leaves, so that each attempt counts.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "boot/machine/network.h"
#include "in_network.h"
#include "sim/capture.h"
#include "sim/command.h"
#include "sim/must.h"
#include "sim/network.h"

namespace phase::boot {
namespace {

using sim::must;
using sim::run_command;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kScratch = "/run/phase-sim";
constexpr const char* kFar6 = "2001:db8:9999::1";

std::vector<std::string> ping(const std::string& address) {
  const bool six = address.find(':') != std::string::npos;
  return {"busybox", six ? "ping6" : "ping", "-c", "1", "-W", "1", address};
}

class OnLinkKernel : public testing::Test {
 protected:
  void SetUp() override {
    // As a machine that has just been switched on: the link is there, and nothing is configured.
    must(run_command(
        {"sh", "-c", "ip link set eth0 down; ip address flush dev eth0; ip link set lo down"},
        box.name));
    std::filesystem::copy_file(PHASE_DHCP_HOOK, hook,
                               std::filesystem::copy_options::overwrite_existing);
    must(run_command({"chmod", "0755", kScratch, hook}));
    services = must(network->start_services(lan, {}, kScratch));
    options.dhcp.hook = hook;
    options.resolv_conf = std::string(kScratch) + "/box.resolv.conf";
    std::filesystem::remove(options.resolv_conf);
    options.deadline = std::chrono::steady_clock::now() + seconds(30);
    options.say = [this](const std::string& line) { said += line + "\n"; };
#ifdef __SANITIZE_ADDRESS__
    options.dhcp.max_memory = RLIM_INFINITY;  // Its shadow memory takes terabytes of addresses.
#endif
  }
  NetworkUp bring_up() {
    const InNetwork inside(box);
    auto up = bring_up_network(options, system_clock());
    EXPECT_TRUE(up.ok()) << (up.ok() ? "" : up.error().detail) << "\n" << said;
    return up ? *up : NetworkUp{};
  }
  /// Until the router's advertisement has become an address.
  void await_ipv6() {
    must(run_command({"sh", "-c",
                      "for i in $(seq 400); do ip -6 address show scope global -tentative | "
                      "grep -q 2001:db8:1: && exit; sleep 0.05; done; exit 1"},
                     box.name));
  }
  std::string ip(const std::string& arguments) {
    return must(run_command({"sh", "-c", "ip " + arguments}, box.name));
  }
  /// How many packets left while everybody on the box tried to reach somebody far.
  std::vector<sim::Packet> attempts() {
    auto capture = must(sim::Capture::start(
        {sim::kUplink, lan.router.name, std::string(kScratch) + "/uplink.pcap", true}));
    for (const std::string& address : {outside.address, std::string(kFar6)}) {
      (void)run_command(ping(address), box.name);
    }
    (void)run_command({"bash", "-c", "echo x > /dev/udp/" + outside.address + "/9"}, box.name);
    (void)run_command({"bash", "-c", "echo x > /dev/udp/" + std::string(kFar6) + "/9"}, box.name);
    (void)run_command({"timeout", "1", "bash", "-c", "echo x > /dev/tcp/" + outside.address + "/9"},
                      box.name);
    return must(capture->stop());
  }

  std::unique_ptr<sim::Network> network = must(sim::Network::create());
  sim::Host outside = must(network->add_host("outside", "10.77.0.1"));
  sim::Lan lan = must(network->add_lan("home"));
  sim::Host near = must(network->add_host(lan, "near", 5));
  sim::Host box = must(network->add_host(lan, "box", 9));
  std::unique_ptr<sim::Process> services;
  std::string hook = std::string(kScratch) + "/hook";
  std::string said;
  NetworkOptions options;
};

TEST_F(OnLinkKernel, WithoutItEverybodyIsReached) {
  const auto up = bring_up();
  EXPECT_TRUE(is_set(up.gateway));
  await_ipv6();
  const auto left = attempts();
  for (const std::string kind : {"ICMP echo request", "TCP", "UDP"}) {
    EXPECT_THAT(sim::count_kinds(left), HasSubstr(kind));
  }
  EXPECT_TRUE(std::any_of(left.begin(), left.end(), [](const sim::Packet& packet) {
    return packet.destination == kFar6;
  })) << sim::count_kinds(left);
  EXPECT_TRUE(std::filesystem::exists(options.resolv_conf));
}

TEST_F(OnLinkKernel, NothingLeavesWhateverTheRouterOffers) {
  options.only_on_link = true;
  const auto up = bring_up();
  EXPECT_FALSE(is_set(up.gateway)) << up.text();
  EXPECT_TRUE(up.dns.empty());
  EXPECT_FALSE(std::filesystem::exists(options.resolv_conf));
  await_ipv6();
  EXPECT_THAT(ip("route"), AllOf(HasSubstr("unreachable default"), Not(HasSubstr("via"))));
  EXPECT_THAT(ip("-6 route"), AllOf(HasSubstr("unreachable default"), Not(HasSubstr("via"))));
  const auto left = attempts();
  EXPECT_TRUE(left.empty()) << sim::count_kinds(left);

  // The link itself is there, by both families.
  must(run_command(ping(near.address), box.name));
  must(run_command(ping(lan.router.address), box.name));
  must(run_command(ping("2001:db8:1::1"), box.name));
}

// What is behind the routes: a packet that somebody routes all the same ends at the first router.
TEST_F(OnLinkKernel, APacketThatIsRoutedAllTheSameDiesAtTheRouter) {
  options.only_on_link = true;
  (void)bring_up();
  await_ipv6();
  ip("route add 10.77.0.0/16 via " + lan.router.address);
  ip("-6 route add 2001:db8:9999::/48 via 2001:db8:1::1");
  auto at_router = must(sim::Capture::start(
      {"eth0", lan.router.name, std::string(kScratch) + "/router.pcap", false}));
  const auto left = attempts();
  const auto arrived = must(at_router->stop());
  const auto sent = std::count_if(arrived.begin(), arrived.end(), [&](const sim::Packet& packet) {
    return packet.destination == outside.address || packet.destination == kFar6;
  });
  EXPECT_GE(sent, 5) << sim::count_kinds(arrived);
  EXPECT_TRUE(left.empty()) << sim::count_kinds(left);
}

// A card that appears later begins with the same rules; a second attempt finds nothing in its way.
TEST_F(OnLinkKernel, TheRulesHoldForInterfacesThatComeLaterAndForAnotherAttempt) {
  options.only_on_link = true;
  const auto up = bring_up();
  ip("link add late type veth peer name other");
  for (const std::string setting :
       {"ipv6/conf/late/hop_limit:1", "ipv6/conf/late/accept_ra_defrtr:0",
        "ipv4/conf/late/accept_redirects:0"}) {
    const auto colon = setting.find(':');
    EXPECT_EQ(must(run_command({"cat", "/proc/sys/net/" + setting.substr(0, colon)}, box.name)),
              setting.substr(colon + 1) + "\n")
        << setting;
  }
  {
    const InNetwork inside(box);
    take_down_network(up);
  }
  EXPECT_THAT(ip("route"), HasSubstr("unreachable default"));
  EXPECT_THAT(ip("route"), Not(HasSubstr("10.78.1.0")));
  EXPECT_EQ(bring_up().interface, "eth0");
  EXPECT_TRUE(attempts().empty());
}

// Without the option the kernel makes interface ids of the MAC address (EUI-64: ff:fe between its
// halves), and its last three bytes are in the multicast groups that it joins for them.
TEST_F(OnLinkKernel, AnonymousAddressesAreNotMadeOfTheMac) {
  const std::string mac = "52:54:00:aa:bb:cc";
  const std::string from_mac = "ff:feaa:bbcc";
  const std::vector<std::uint8_t> group_of_mac = {0x01, 0xff, 0xaa, 0xbb, 0xcc};
  const auto bring_up_anew = [&](const std::string& name, int number, bool anonymous) {
    box = must(network->add_host(lan, name, number));
    must(run_command(
        {"sh", "-c",
         "ip link set eth0 down; ip address flush dev eth0; ip link set eth0 address " + mac},
        box.name));
    options.anonymous = anonymous;
    options.dhcp.anonymous = anonymous;
    // At the switch, because the card itself is not up yet.
    auto capture =
        must(sim::Capture::start({"v-" + name, "", std::string(kScratch) + "/box.pcap", false}));
    (void)bring_up();
    await_ipv6();
    auto packets = must(capture->stop());
    std::erase_if(packets, [&](const sim::Packet& packet) { return packet.source_mac != mac; });
    return packets;
  };
  const auto made_of_mac = [&](const sim::Packet& packet) {
    return packet.source.find(from_mac) != std::string::npos || packet.contains(group_of_mac);
  };
  const auto open = bring_up_anew("open", 20, false);
  EXPECT_TRUE(std::any_of(open.begin(), open.end(), made_of_mac)) << sim::count_kinds(open);
  EXPECT_TRUE(std::any_of(open.begin(), open.end(), [](const sim::Packet& packet) {
    return packet.contains(as_bytes("udhcp"));
  }));
  EXPECT_THAT(ip("-6 address show dev eth0"), HasSubstr(from_mac));

  const auto quiet = bring_up_anew("quiet", 21, true);
  EXPECT_THAT(ip("-6 address show dev eth0"), Not(HasSubstr(from_mac)));
  std::array<char, 65> host{};
  ASSERT_EQ(gethostname(host.data(), host.size() - 1), 0);
  EXPECT_GE(quiet.size(), 4U) << sim::count_kinds(quiet);
  for (const auto& packet : quiet) {
    EXPECT_FALSE(made_of_mac(packet)) << packet.text();
    EXPECT_FALSE(packet.contains(as_bytes(host.data()))) << packet.text();
    EXPECT_FALSE(packet.contains(as_bytes("udhcp"))) << packet.text();
    // docs/PRIVACY.md lists and explains these.
    EXPECT_THAT(packet.kind(), testing::AnyOf(HasSubstr("MLD"), HasSubstr("neighbour"),
                                              HasSubstr("router solicitation"), HasSubstr("DHCP"),
                                              HasSubstr("ARP")));
  }
}

}  // namespace
}  // namespace phase::boot
