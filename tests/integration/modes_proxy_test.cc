// Goal: with socks5 every packet goes to the proxy. Method: a capture at the session's interface;
// without the option others are spoken to.
#include <gmock/gmock.h>

#include <condition_variable>
#include <mutex>

#include "boot/http_get.h"
#include "modes_fixture.h"

namespace phase::dht {
namespace {

using sim::must;
using sim::run_command;
using std::chrono::seconds;

// The proxy is somebody else's program (microsocks), on the link; peer and web server are far.
TEST_F(ModesTest, WithAProxyEverythingGoesThroughIt) {
  serve(far, "root " + source + ";");
  nodes.push_back(seed_in(far));
  // It says nothing when it is ready.
  sim::ProcessOptions options;
  options.argv = {"microsocks", "-i", other.address, "-p", "1080"};
  options.netns = other.name;
  auto proxy = must(sim::Process::start(std::move(options)));
  must(run_command({"bash", "-c",
                    "for i in $(seq 200); do echo > /dev/tcp/" + other.address +
                        "/1080 && exit; sleep 0.05; done 2>/dev/null; exit 1"},
                   box.name));

  const auto everything = [&](bool proxied) {
    auto seen = capture("eth0", box.name, false);
    Node client = open_in(box, [&](SessionOptions& o) {
      o.nodes = {endpoint(far, kPeerPort)};
      o.anonymous = true;
      if (proxied) o.socks5 = endpoint(other, 1080);
    });
    const auto release = client.session->fetch(
        made.info.infohashes, folder(proxied ? "proxied" : "direct"), made.torrent);
    EXPECT_TRUE(release.ok());
    (void)client.session->find_providers(made.info.infohashes);
    client.session->connect(*release, endpoint(far, kPeerPort), PeerSource{.given = true});
    EXPECT_TRUE(client.session->want(*release, {"kernel"}).ok());
    EXPECT_TRUE(run_until({&client, &nodes[0]}, seconds(60), [&] { return complete(client); }));
    EXPECT_GT(received_from(client, *release, far), 0U);
    // By HTTP alone: another file, and no peer.
    client.session->remove(*release);
    const auto by_http = client.session->fetch(
        made.info.infohashes, folder(proxied ? "proxied-http" : "direct-http"), made.torrent);
    EXPECT_TRUE(by_http.ok());
    boot::HttpWay to_web;
    if (proxied) to_web.socks5 = endpoint(other, 1080);
    const auto web = ask_web(box, client, *by_http, {url(far)}, to_web);
    EXPECT_TRUE(client.session->want(*by_http, {"kernel"}).ok());
    client.events.clear();
    EXPECT_TRUE(run_until({&client, &nodes[0]}, seconds(60), [&] { return complete(client); }));
    EXPECT_FALSE(web->accounts().empty());
    web->stop();
    client.each = [] {};
    {
      const InNetwork inside(box);
      std::mutex mutex;
      std::condition_variable changed;
      bool done = false;
      boot::HttpWay way;
      if (proxied) way.socks5 = endpoint(other, 1080);
      boot::HttpGet request(*boot::parse_http_url(url(far) + "/" + kReleaseName + "/initramfs"),
                            way, 1000, seconds(20), [&] {
                              const std::lock_guard lock(mutex);
                              done = true;
                              changed.notify_one();
                            });
      std::unique_lock lock(mutex);
      EXPECT_TRUE(changed.wait_for(lock, seconds(30), [&] { return done; }));
      const auto body = request.poll();
      EXPECT_TRUE(body && body->ok() && (*body)->size() == 500);
    }
    client.session.reset();
    return must(seen->stop());
  };
  const auto elsewhere = [&](const std::vector<sim::Packet>& packets, std::uint8_t protocol) {
    return std::count_if(packets.begin(), packets.end(), [&](const sim::Packet& packet) {
      return packet.protocol == protocol && packet.destination != other.address &&
             packet.source != other.address;
    });
  };
  const auto direct = everything(false);
  EXPECT_GT(elsewhere(direct, 6), 0);
  EXPECT_GT(elsewhere(direct, 17), 0);
  const auto proxied = everything(true);
  EXPECT_EQ(elsewhere(proxied, 6), 0) << sim::count_kinds(proxied);
  EXPECT_EQ(elsewhere(proxied, 17), 0) << sim::count_kinds(proxied);
  EXPECT_EQ(std::count_if(proxied.begin(), proxied.end(),
                          [](const sim::Packet& packet) { return packet.protocol == 17; }),
            0)
      << sim::count_kinds(proxied);
  EXPECT_GT(
      std::count_if(proxied.begin(), proxied.end(),
                    [&](const sim::Packet& packet) { return packet.destination == other.address; }),
      0);
}

}  // namespace
}  // namespace phase::dht
