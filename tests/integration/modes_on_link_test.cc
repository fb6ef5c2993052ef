// Goal: a session keeps to only_on_link whatever it is told of: peers, DHT nodes, web seeds,
// redirects, names, trackers. Method: our sessions in namespaces on a LAN whose router forwards;
// what leaves is captured at its uplink. The same session without the option does what is
// forbidden, so that every temptation is known to be one.
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "modes_fixture.h"

namespace phase::dht {
namespace {

using sim::must;
using sim::run_command;
using std::chrono::seconds;
using testing::HasSubstr;

/// Everything at once that could lead a session astray: what somebody on the link says, what a
/// .torrent file says, and what the owner is told by others.
class OnLinkSession : public ModesTest {
 protected:
  struct Run {
    std::vector<sim::Packet> left;
    std::uint64_t from_far = 0, from_near = 0;
  };
  /// `near_helps`: a peer on the link gives the release.
  Run fetch(bool only_on_link, bool near_helps, const std::string& into) {
    auto leaving = capture(sim::kUplink, lan.router.name, true);
    boot::HttpWay way;
    Node client = open_in(box, [&](SessionOptions& o) {
      o.nodes = {endpoint(far, kPeerPort)};
      if (!only_on_link) return;
      auto link = OnLink::now();
      EXPECT_TRUE(link.ok());
      o.only_on_link = way.only_on_link = *link;
    });
    const auto release = client.session->fetch(made.info.infohashes, into, dressed());
    if (!release) throw std::runtime_error(release.error().detail);
    client.session->add_nodes({endpoint(far, kPeerPort)});
    (void)client.session->find_providers(made.info.infohashes);
    client.session->connect(*release, endpoint(far, kPeerPort), PeerSource{.given = true});
    const auto web = ask_web(box, client, *release,
                             {url(far), "http://boot.example:8080", url(near)}, way);
    if (near_helps) {
      client.session->connect(*release, endpoint(near, kPeerPort), PeerSource{.given = true});
    }
    EXPECT_TRUE(client.session->want(*release, {"kernel"}).ok());
    std::vector<Node*> all = {&client};
    for (auto& node : nodes) all.push_back(&node);
    EXPECT_TRUE(run_until(all, seconds(60), [&] { return complete(client); }));
    Run out{{}, received_from(client, *release, far), received_from(client, *release, near)};
    for (const auto& account : web->accounts()) {
      if (account.peer.host() == far.address) out.from_far += account.received;
    }
    web->stop();
    client.session.reset();
    out.left = must(leaving->stop());
    return out;
  }
  /// The release's .torrent file with a tracker, a web seed and a DHT node of the far host.
  Bytes dressed() const {
    const std::string text(as_text(made.torrent));
    const std::string tracker = url(far) + "/announce";
    const std::string seed = url(far) + "/from-torrent";
    const auto at = text.find("12:piece layers");
    const std::string out = "d8:announce" + std::to_string(tracker.size()) + ":" + tracker +
                            text.substr(1, at - 1) + "5:nodesll9:" + far.address + "i6999eee" +
                            text.substr(at, text.size() - at - 1) + "8:url-list" +
                            std::to_string(seed.size()) + ":" + seed + "e";
    return {out.begin(), out.end()};
  }
  static std::string lines(const std::string& file) {
    std::ostringstream out;
    out << std::ifstream(file).rdbuf();
    return out.str();
  }
};

TEST_F(OnLinkSession, SpeaksToNobodyBeyondTheLinkWhateverItIsToldOf) {
  const auto resolv = folder("etc") + "/resolv.conf";
  std::ofstream(resolv) << "nameserver 10.77.0.9\noptions timeout:1 attempts:1\n";
  must(run_command({"mount", "--bind", resolv, "/etc/resolv.conf"}));
  serve(far, "root " + source + ";");
  const auto redirects = serve(near, "return 302 http://" + far.address + ":8081$request_uri;");
  nodes.push_back(seed_in(far));
  nodes.push_back(seed_in(near));

  // First, so that nothing is still on its way from a session that spoke to the far host.
  const auto kept = fetch(true, true, folder("kept"));
  EXPECT_EQ(kept.from_far, 0U);
  EXPECT_GE(kept.from_near, 3'000'000U);
  EXPECT_TRUE(kept.left.empty()) << kept.left.front().text();
  EXPECT_TRUE(read(source + "/" + kReleaseName + "/kernel") ==
              read(folder("kept") + "/" + kReleaseName + "/kernel"));

  const auto open = fetch(false, false, folder("open"));
  EXPECT_GT(open.from_far, 0U);
  const auto sent_to_far = [&](std::uint8_t protocol, std::uint16_t port) {
    return std::count_if(open.left.begin(), open.left.end(), [&](const sim::Packet& packet) {
      return packet.destination == far.address && packet.protocol == protocol &&
             packet.destination_port == port;
    });
  };
  EXPECT_GT(sent_to_far(6, kPeerPort), 0) << "no peer tempted it";
  EXPECT_GT(sent_to_far(6, kWebPort), 0) << "no web seed tempted it";
  EXPECT_GT(sent_to_far(17, kPeerPort), 0) << "no DHT node tempted it";
  EXPECT_GT(sent_to_far(17, 53), 0) << "no name tempted it";
  EXPECT_THAT(lines(redirects), HasSubstr(" 302 ")) << "no redirect tempted it";
  // Nobody follows these, whatever the options.
  EXPECT_EQ(sent_to_far(17, 6999), 0) << "a node that the .torrent file names";
  for (const auto& packet : open.left) {
    for (const char* never : {"/announce", "/from-torrent"}) {
      EXPECT_FALSE(packet.contains(as_bytes(never))) << never;
    }
  }
  must(run_command({"umount", "/etc/resolv.conf"}));
}

// In every mode: whom to fetch from is the owner's to say. The server on the link sends us on to
// the far one, which has the release.
TEST_F(OnLinkSession, AWebSeedLeadsToNobodyElse) {
  serve(far, "root " + source + ";");
  const auto redirects = serve(near, "return 302 " + url(far) + "$request_uri;");
  nodes.push_back(seed_in(near));
  auto leaving = capture(sim::kUplink, lan.router.name, true);
  Node client = open_in(box, [](SessionOptions& o) { o.enable_dht = false; });
  const auto into = folder("into");
  const auto release = client.session->fetch(made.info.infohashes, into, made.torrent);
  ASSERT_TRUE(release.ok());
  const auto web = ask_web(box, client, *release, {url(near)}, {});
  ASSERT_TRUE(client.session->want(*release, {"kernel"}).ok());
  ASSERT_TRUE(run_until({&client, &nodes[0]}, seconds(30),
                        [&] { return lines(redirects).find(" 302 ") != std::string::npos; }));
  client.session->connect(*release, endpoint(near, kPeerPort), PeerSource{.given = true});
  ASSERT_TRUE(run_until({&client, &nodes[0]}, seconds(60), [&] { return complete(client); }));
  web->stop();
  client.session.reset();
  const auto left = must(leaving->stop());
  EXPECT_TRUE(left.empty()) << left.front().text();
}

}  // namespace
}  // namespace phase::dht
