// tests/integration/modes_fixture.h
// What tests of a session's restrictions share: a LAN behind a router that forwards, sessions and
// web servers on its hosts and beyond, captures. All inside the sandbox that main() made.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include "boot/web/web_seeds.h"
#include "dht_fixture.h"
#include "in_network.h"
#include "sim/capture.h"
#include "sim/command.h"
#include "sim/must.h"
#include "sim/network.h"

namespace phase::dht {

inline constexpr const char* kReleaseName = "phase-stable-x86_64-1-01234567";
inline constexpr std::uint16_t kPeerPort = 6881;
inline constexpr std::uint16_t kWebPort = 8080;

inline Endpoint endpoint(const sim::Host& host, std::uint16_t port) {
  return *parse_address(host.address, port);
}

inline std::string url(const sim::Host& host) {
  return "http://" + host.address + ":" + std::to_string(kWebPort);
}

class ModesTest : public DhtTest {
 protected:
  void SetUp() override {
    DhtTest::SetUp();
    source = folder("source");
    made = make_release(source, kReleaseName, {{"initramfs", 500}, {"kernel", 3'000'000}});
  }
  void TearDown() override {
    nodes.clear();
    servers_.clear();
    DhtTest::TearDown();
  }
  Node open_in(const sim::Host& host, const std::function<void(SessionOptions&)>& change) {
    const InNetwork inside(host);
    SessionOptions options;
    options.listen = {endpoint(host, kPeerPort)};
    options.network = NetworkKind::kPrivate;
    change(options);
    auto session = Session::open(options);
    if (!session) throw std::runtime_error(session.error().detail);
    Node node;
    node.session = std::move(*session);
    return node;
  }
  /// Slowly enough that the session's timer runs a few times before all is there.
  Node seed_in(const sim::Host& host) {
    auto node = open_in(host, [](SessionOptions& o) { o.upload_limit = 1'000'000; });
    EXPECT_TRUE(node.session->seed(made.torrent, source).ok());
    return node;
  }
  void start(const sim::Host& host, const std::vector<std::string>& argv,
             const std::string& ready) {
    sim::ProcessOptions options;
    options.argv = argv;
    options.netns = host.name;
    auto process = sim::must(sim::Process::start(std::move(options)));
    (void)sim::must(process->wait_for_line(ready, std::chrono::seconds(30)));
    servers_.push_back(std::move(process));
  }
  /// `location` is what the server does; its requests are in <folder>/<host>/access.
  std::string serve(const sim::Host& host, const std::string& location) {
    const auto own = folder(host.name);
    const auto config = own + "/nginx.conf";
    std::ofstream(config) << "daemon off; master_process off; user root; pid " << own << "/pid;\n"
                          << "error_log stderr notice;\nevents {}\nhttp { access_log " << own
                          << "/access;\nclient_body_temp_path " << own << "/a; proxy_temp_path "
                          << own << "/b; fastcgi_temp_path " << own << "/c; uwsgi_temp_path " << own
                          << "/d; scgi_temp_path " << own << "/e;\nserver { listen "
                          << endpoint(host, kWebPort).text() << "; " << location << " } }\n";
    start(host, {"/usr/sbin/nginx", "-p", own, "-c", config, "-e", "stderr"}, "using the .* event");
    return own + "/access";
  }
  std::unique_ptr<sim::Capture> capture(const std::string& interface, const std::string& netns,
                                        bool only_sent) {
    return sim::must(
        sim::Capture::start({interface, netns, folder("pcap") + "/x.pcap", only_sent}));
  }
  /// `client`, which is in `host`, asks the web servers at `urls` for what it fetches.
  std::unique_ptr<boot::WebSeeds> ask_web(const sim::Host& host, Node& client, ReleaseId release,
                                          const std::vector<std::string>& urls,
                                          const boot::HttpWay& way) const {
    const InNetwork inside(host);
    auto web = std::make_unique<boot::WebSeeds>(*client.session, way,
                                                [session = client.session.get()] { session->wake(); });
    const auto layout = sim::must(read_piece_layout(made.torrent));
    web->want({"kernel"});
    for (const auto& one : urls) web->add(release, one, layout);
    client.each = [web = web.get()] { web->tick(std::chrono::steady_clock::now()); };
    return web;
  }
  static std::uint64_t received_from(const Node& node, ReleaseId release, const sim::Host& host) {
    std::uint64_t sum = 0;
    for (const auto& account : node.session->peers(release)) {
      if (account.peer.host() == host.address) sum += account.received;
    }
    return sum;
  }
  static bool complete(Node& node) { return node.find<ReleaseCompleted>() != nullptr; }

  std::unique_ptr<sim::Network> network = sim::must(sim::Network::create());
  sim::Host far = sim::must(network->add_host("far", "10.77.0.9"));
  sim::Lan lan = sim::must(network->add_lan("home"));
  sim::Host near = sim::must(network->add_host(lan, "near", 5));
  sim::Host other = sim::must(network->add_host(lan, "other", 6));
  sim::Host box = sim::must(network->add_host(lan, "box", 9));
  std::string source;
  MadeTorrent made;
  std::vector<Node> nodes;

 private:
  std::vector<std::unique_ptr<sim::Process>> servers_;
};

}  // namespace phase::dht
