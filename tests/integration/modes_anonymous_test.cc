// Goal: an anonymous session only takes, and does not say who it is. Method: a peer that asks for
// pieces again and again, real DHT nodes, a capture of all that the session sends; the same session
// without the option gives, announces and names itself.
#include <gmock/gmock.h>

#include "asking_peer.h"
#include "modes_fixture.h"

namespace phase::dht {
namespace {

using sim::must;
using sim::run_command;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

class AnonymousSession : public ModesTest {
 protected:
  struct Run {
    AskingPeer::Heard heard;
    std::vector<sim::Packet> sent;
    bool port_open = false;
    std::uint64_t uploaded = 0;
  };
  Run fetch(bool anonymous, const std::string& into) {
    auto sent = capture("eth0", box.name, true);
    std::unique_ptr<AskingPeer> asking;
    {
      const InNetwork inside(other);
      asking = std::make_unique<AskingPeer>(endpoint(other, kPeerPort), made.info.infohashes.v1);
    }
    Node client = open_in(box, [&](SessionOptions& o) {
      o.nodes = {endpoint(near, kPeerPort)};
      o.http_port = 8080;
      o.anonymous = anonymous;
    });
    const auto release = client.session->fetch(made.info.infohashes, into);
    if (!release) throw std::runtime_error(release.error().detail);
    const auto lookup = client.session->find_providers(made.info.infohashes);
    client.session->announce(*release);
    std::vector<Node*> all = {&client};
    for (auto& node : nodes) all.push_back(&node);
    EXPECT_TRUE(
        run_until(all, seconds(30), [&] { return client.find<ProvidersFound>() != nullptr; }));
    client.session->stop(lookup);
    client.session->connect(*release, endpoint(other, kPeerPort), PeerSource{.dht = true});
    client.session->connect(*release, endpoint(near, kPeerPort), PeerSource{.dht = true});
    EXPECT_TRUE(
        run_until(all, seconds(30), [&] { return client.find<MetadataReceived>() != nullptr; }));
    EXPECT_TRUE(client.session->want(*release, {"kernel"}).ok());
    EXPECT_TRUE(run_until(all, seconds(60), [&] { return complete(client); }));
    // All is there that could be given away; the peer goes on asking for it.
    EXPECT_TRUE(run_until(all, seconds(20), [&] {
      return asking->heard().messages[7] > 0 || asking->asks(20, seconds(10)) ||
             asking->heard().closed;
    }));
    Run out;
    out.port_open =
        run_command({"timeout", "2", "bash", "-c", "echo > /dev/tcp/" + box.address + "/6881"},
                    near.name)
            .ok();
    out.heard = asking->heard();
    for (const auto& account : client.session->peers(*release)) out.uploaded += account.sent;
    client.session.reset();
    out.sent = must(sent->stop());
    return out;
  }
  static long holding(const std::vector<sim::Packet>& packets, const std::string& text) {
    return std::count_if(packets.begin(), packets.end(), [&](const sim::Packet& packet) {
      return packet.contains(as_bytes(text));
    });
  }
};

TEST_F(AnonymousSession, OnlyTakesAndDoesNotSayWhoItIs) {
  start(near, {PHASE_DHT_NODES, "--range", near.address + ":7000+20"}, "^ready");
  nodes.push_back(open_in(near, [&](SessionOptions& o) {
    o.nodes = {endpoint(near, 7000)};
    o.upload_limit = 3'000'000;
  }));
  ASSERT_TRUE(nodes[0].session->seed(made.torrent, source).ok());

  const auto open = fetch(false, folder("open"));
  EXPECT_GT(open.heard.messages.count(7), 0U)
      << "it asked " << open.heard.asked << " times in vain, closed: " << open.heard.closed << " "
      << testing::PrintToString(open.heard.messages);
  EXPECT_GT(open.heard.metadata_pieces, 0) << "it asked in vain";
  EXPECT_GT(open.uploaded, 0U);
  EXPECT_TRUE(open.port_open);
  EXPECT_EQ(open.heard.handshake.substr(48, 8), "-PH0100-");
  EXPECT_THAT(open.heard.extended,
              AllOf(HasSubstr("phase-boot"), HasSubstr("phase_http"), HasSubstr("ut_pex")));
  EXPECT_GT(holding(open.sent, "announce_peer"), 0);

  const auto quiet = fetch(true, folder("quiet"));
  EXPECT_GE(quiet.heard.asked, 20) << "nobody asked";
  EXPECT_EQ(quiet.heard.messages.count(7), 0U);
  EXPECT_EQ(quiet.heard.messages.count(1), 0U) << "unchoked";
  EXPECT_EQ(quiet.heard.metadata_pieces, 0);
  EXPECT_EQ(quiet.uploaded, 0U);
  EXPECT_FALSE(quiet.port_open);
  EXPECT_THAT(quiet.heard.handshake.substr(48), Not(HasSubstr("PH")));
  for (const char* name : {"phase", "ut_pex", "1:v", "libtorrent"}) {
    EXPECT_THAT(quiet.heard.extended, Not(HasSubstr(name)));
  }
  EXPECT_EQ(holding(quiet.sent, "announce_peer"), 0);
  EXPECT_EQ(holding(quiet.sent, "phase-boot"), 0);
  long queries = 0;
  for (const auto& packet : quiet.sent) {
    if (packet.protocol != 17) continue;
    EXPECT_TRUE(packet.contains(as_bytes("1:y1:q"))) << "it answered: " << packet.text();
    EXPECT_TRUE(packet.contains(as_bytes("2:roi1e"))) << packet.text();
    ++queries;
  }
  EXPECT_GT(queries, 0);
  for (const auto& packet : quiet.sent) {
    // docs/PRIVACY.md lists and explains these.
    EXPECT_THAT(packet.kind(), testing::AnyOf("TCP", "UDP", "ICMP unreachable", HasSubstr("ARP"),
                                              HasSubstr("neighbour"), HasSubstr("MLD"),
                                              HasSubstr("router solicitation")))
        << packet.text();
  }
}

}  // namespace
}  // namespace phase::dht
