// Goal: a node behind a home router is reached by strangers where the router lets it be asked, and
// says why where not. Method: sessions in a LAN behind a router that translates addresses and runs
// miniupnpd; the stranger is a session on the other side, which fetches through the mapped port.
#include "modes_fixture.h"

namespace phase::dht {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

class PortMappingTest : public ModesTest {
 protected:
  void TearDown() override {
    router_.reset();
    ModesTest::TearDown();
  }
  /// A router as homes have them: nothing comes in but what the LAN asked for. `more` is miniupnpd's
  /// own.
  void start_router(const std::string& more) {
    sim::must(sim::run_commands(
        {{"nft",
          "add table inet filter; add chain inet filter miniupnpd; "
          "add chain inet filter prerouting_miniupnpd; add chain inet filter postrouting_miniupnpd; "
          "add chain inet filter forward { type filter hook forward priority 0; policy drop; }; "
          "add rule inet filter forward ct state established,related accept; "
          "add rule inet filter forward iifname \"eth0\" accept; "
          "add rule inet filter forward jump miniupnpd; "
          "add chain inet filter prerouting { type nat hook prerouting priority -100; }; "
          "add rule inet filter prerouting jump prerouting_miniupnpd; "
          "add chain inet filter postrouting { type nat hook postrouting priority 100; }; "
          "add rule inet filter postrouting jump postrouting_miniupnpd"}},
        lan.router.name));
    const std::string file = folder("router") + "/miniupnpd.conf";
    std::ofstream(file) << "ext_ifname=" << sim::kUplink
                        << "\nlistening_ip=eth0\nsecure_mode=yes\nsystem_uptime=yes\n"
                           "uuid=15be8d55-485f-4cf3-af8a-cfd0d26979d3\n"
                           "upnp_table_name=filter\nupnp_nat_table_name=filter\n"
                           "upnp_forward_chain=miniupnpd\nupnp_nat_chain=prerouting_miniupnpd\n"
                           "upnp_nat_postrouting_chain=postrouting_miniupnpd\n"
                        << more;
    sim::ProcessOptions options;
    options.netns = lan.router.name;
    options.argv = {"miniupnpd", "-d", "-f", file, "-P", folder("router-pid") + "/pid"};
    router_ = sim::must(sim::Process::start(std::move(options)));
    sim::must(router_->wait_for_line("isten", seconds(20)));
  }
  Node& open_node() {
    nodes.push_back(open_in(near, [](SessionOptions& o) {
      o.network = NetworkKind::kPublic;
      o.enable_dht = false;
      o.map_ports = true;
      o.http_port = kWebPort;
    }));
    return nodes.back();
  }

  std::unique_ptr<sim::Process> router_;
};

/// With a public address of its own, as it believes, and without: then it maps no port.
const std::string kPublic = "ext_ip=1.2.3.4\n";
const std::string kByPcp = "enable_natpmp=yes\nenable_upnp=no\n";
const std::string kByUpnp = "enable_natpmp=no\nenable_upnp=yes\n";

class EachWay : public PortMappingTest, public testing::WithParamInterface<const char*> {};

TEST_P(EachWay, AStrangerFetchesThroughThePortThatTheRouterOpened) {
  const bool upnp = std::string(GetParam()) == "UPnP";
  start_router(kPublic + (upnp ? kByUpnp : kByPcp));
  nodes.reserve(2);
  Node& node = open_node();
  ASSERT_TRUE(node.session->seed(made.torrent, source).ok());
  serve(near, "location / { return 200 'from the node'; }");
  std::uint16_t peers = 0, http = 0;  // The router's ports.
  const auto mapped = [&] {
    for (const PortMapping& one : node.session->reachability().mappings) {
      if (one.tcp) (one.http ? http : peers) = one.port;
    }
    return peers != 0 && http != 0;
  };
  ASSERT_TRUE(run_until({&node}, seconds(60), mapped)) << router_->last_lines(40);
  EXPECT_EQ(node.session->reachability().strangers, 0u);

  nodes.push_back(open_in(far, [](SessionOptions& o) { o.enable_dht = false; }));
  Node& stranger = nodes.back();
  const auto into = folder("into");
  const auto release = stranger.session->fetch(made.info.infohashes, into, made.torrent);
  ASSERT_TRUE(release.ok());
  stranger.session->connect(*release, *parse_address(lan.uplink_address, peers), {.given = true});
  ASSERT_TRUE(stranger.session->want(*release, {"kernel"}).ok());
  ASSERT_TRUE(run_until({&node, &stranger}, seconds(60), [&] {
    return stranger.find<ReleaseCompleted>() != nullptr;
  })) << router_->last_lines(40);

  const auto facts = node.session->reachability();
  EXPECT_EQ(facts.mappings.front().by, GetParam());
  EXPECT_GE(facts.strangers, 1u);
  EXPECT_TRUE(facts.last_stranger.has_value());
  EXPECT_EQ(sim::must(sim::run_command(
                {"curl", "--silent", "http://" + lan.uplink_address + ":" + std::to_string(http)},
                far.name)),
            "from the node\n");
}

INSTANTIATE_TEST_SUITE_P(PortMapping, EachWay, testing::Values("UPnP", "NAT-PMP"),
                         [](const auto& name) {
                           return std::string(name.param) == "UPnP" ? "Upnp" : "Pcp";
                         });

// Behind a second router, for example.
TEST_F(PortMappingTest, ARouterThatHasNoPublicAddressIsNamed) {
  start_router(kByPcp);
  Node& node = open_node();
  EXPECT_TRUE(run_until({&node}, seconds(60), [&] {
    return !node.session->reachability().failures.empty();
  })) << router_->last_lines(40);
  const auto facts = node.session->reachability();
  EXPECT_THAT(facts.mappings, testing::IsEmpty());
  EXPECT_THAT(testing::PrintToString(facts.failures), HasSubstr("at " + near.address));
}

}  // namespace
}  // namespace phase::dht
