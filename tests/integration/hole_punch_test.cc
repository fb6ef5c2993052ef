// Goal: of two nodes behind routers that let nobody in, one fetches from the other, through a third
// that has nothing to give and is connected to both. Method: sessions in two LANs and one outside;
// the routers drop what nobody inside has asked for.
#include "modes_fixture.h"

namespace phase::dht {
namespace {

using std::chrono::seconds;

class HolePunch : public ModesTest {
 protected:
  void SetUp() override {
    ModesTest::SetUp();
    close_router(lan);
    close_router(away);
    nodes.reserve(4);
  }
  /// As a home router does: what is not an answer is dropped, its own ports included. (An answer of
  /// the router's own to an early packet of the other side would take the port that it is about to map.)
  static void close_router(const sim::Lan& of) {
    sim::must(sim::run_commands(
        {{"nft",
          "add table inet filter; "
          "add chain inet filter in { type filter hook input priority 0; policy accept; }; "
          "add rule inet filter in iifname \"uplink\" ct state new drop; "
          "add chain inet filter pass { type filter hook forward priority 0; policy accept; }; "
          "add rule inet filter pass iifname \"uplink\" ct state new drop"}},
        of.router.name));
  }
  Node& open_node(const sim::Host& host, bool punches) {
    nodes.push_back(open_in(host, [](SessionOptions& o) {
      o.network = NetworkKind::kPublic;
      o.enable_dht = false;
    }));
    nodes.back().session->punch_holes(punches);
    return nodes.back();
  }
  std::vector<Node*> all() {
    std::vector<Node*> out;
    for (Node& node : nodes) out.push_back(&node);
    return out;
  }
  /// Outside, with no piece, and wants none.
  Node& open_third(const sim::Host& host) {
    Node& third = open_node(host, false);
    (void)sim::must(third.session->fetch(made.info.infohashes, folder(host.name), made.torrent));
    return third;
  }
  void meet(Node& node, ReleaseId of, const sim::Host& third) {
    node.session->connect(of, endpoint(third, kPeerPort), {.dht = true});
    ASSERT_TRUE(run_until(all(), seconds(30), [&] { return node.session->status(of).peers > 0; }));
  }
  /// The one behind its router gets what the other one behind its own has.
  void expect_fetched(Node& seed, Node& fetcher) {
    release = sim::must(fetcher.session->fetch(made.info.infohashes, folder("into"), made.torrent));
    sim::must(fetcher.session->want(release, {"kernel"}));
    meet(fetcher, release, far);
    ASSERT_TRUE(run_until(all(), seconds(90), [&] { return complete(fetcher); }));
    EXPECT_EQ(received_from(fetcher, release, far), 0u);
    EXPECT_GE(seed.session->reachability().punched + fetcher.session->reachability().punched, 1u);
    EXPECT_EQ(seed.session->reachability().strangers, 0u) << "nobody else comes in";
  }

  sim::Lan away = sim::must(network->add_lan("away"));
  sim::Host stranger = sim::must(network->add_host(away, "stranger", 5));
  ReleaseId release = 0;
};

// The third tells each of the other as it comes (BEP 11), and both knock at once.
TEST_F(HolePunch, TwoNodesBehindRoutersMeetThroughAThird) {
  Node& seed = open_node(near, true);
  open_third(far);
  Node& fetcher = open_node(stranger, true);
  meet(seed, sim::must(seed.session->seed(made.torrent, source)), far);
  expect_fetched(seed, fetcher);
}

// Told of somebody a moment ago, the seed is told of the next one a minute later: it knocks when the
// third asks it to (BEP 55).
TEST_F(HolePunch, AThirdAsksTheOneThatHasNotHeardOfTheOther) {
  Node& seed = open_node(near, true);
  open_third(far);
  Node& bystander = open_third(sim::must(network->add_host("bystander", "10.77.0.10")));
  Node& fetcher = open_node(stranger, true);
  const auto seeded = sim::must(seed.session->seed(made.torrent, source));
  meet(seed, seeded, far);
  bystander.session->connect(1, endpoint(far, kPeerPort), {.dht = true});
  ASSERT_TRUE(run_until(all(), seconds(60), [&] { return seed.session->status(seeded).peers > 1; }));
  expect_fetched(seed, fetcher);
}

}  // namespace
}  // namespace phase::dht
