// tests/integration/dht_web_seed_test.cc
// A web server beside or in place of peers (BEP 19), with nginx as somebody else's server.
#include <fstream>

#include "dht_fixture.h"
#include "sim/process.h"

namespace phase::dht {
namespace {

using std::chrono::seconds;

const std::string kName = "phase-stable-x86_64-1-01234567";

class DhtWebSeeds : public DhtTest {
 protected:
  /// nginx serves `root` on port 8080 of address(host).
  void start_nginx(int host, const std::string& root) {
    const auto own = folder("nginx");
    auto at = address(host);
    at.port = 8080;
    const auto config = own + "/nginx.conf";
    std::ofstream(config) << "daemon off; master_process off; pid " << own << "/pid;\n"
                          << "error_log stderr notice;\nevents {}\nhttp { access_log off;\n"
                          << "client_body_temp_path " << own << "/a; proxy_temp_path " << own
                          << "/b; fastcgi_temp_path " << own << "/c; uwsgi_temp_path " << own
                          << "/d; scgi_temp_path " << own << "/e;\n"
                          << "server { listen " << at.text() << "; root " << root << "; } }\n";
    sim::ProcessOptions options;
    options.argv = {"/usr/sbin/nginx", "-p", own, "-c", config, "-e", "stderr"};
    auto started = sim::Process::start(std::move(options));
    ASSERT_TRUE(started.ok()) << started.error().detail;
    nginx_ = std::move(*started);
    const auto ready = nginx_->wait_for_line("using the .* event method", seconds(10));
    ASSERT_TRUE(ready.ok()) << ready.error().detail;
    url_ = "http://" + at.text();
  }
  void TearDown() override {
    nginx_.reset();
    DhtTest::TearDown();
  }
  std::unique_ptr<sim::Process> nginx_;
  std::string url_;
};

TEST_F(DhtWebSeeds, GiveAReleaseWithoutAnyPeer) {
  const auto source = folder("source");
  const auto made = make_release(source, kName, {{"dtbs/a.dtb", 30'000}, {"kernel", 2'000'000}});
  start_nginx(2, source);
  Node client = open(3, address(1));
  const auto into = folder("into");
  const auto release = client.session->fetch(made.info.infohashes, into, made.torrent);
  ASSERT_TRUE(release.ok());
  client.session->add_web_seed(*release, url_);
  ASSERT_TRUE(client.session->want(*release, {"kernel", "dtbs/a.dtb"}).ok());
  ASSERT_TRUE(run_until({&client}, seconds(30),
                        [&] { return client.find<ReleaseCompleted>() != nullptr; }));
  for (const char* file : {"/kernel", "/dtbs/a.dtb"}) {
    EXPECT_TRUE(read(source + "/" + kName + file) == read(into + "/" + kName + file)) << file;
  }
  const auto accounts = client.session->peers(*release);
  ASSERT_EQ(accounts.size(), 1u);
  EXPECT_TRUE(accounts[0].web_seed);
  EXPECT_GE(accounts[0].received, 2'000'000u);
}

// The server has another kernel of the same size. Nothing of it is taken, the peer gives the right
// one, and the server is the one with bad pieces.
TEST_F(DhtWebSeeds, AreNamedWhereTheyServeOtherBytes) {
  const auto source = folder("source");
  const auto made = make_release(source, kName, {{"initramfs", 500}, {"kernel", 3'000'000}});
  const auto altered = folder("altered");
  (void)make_release(altered, kName, {{"initramfs", 500}, {"kernel", 3'000'000}}, 2);
  start_nginx(2, altered);
  Node seed = open(3, address(1), [](SessionOptions& o) { o.upload_limit = 1'500'000; });
  ASSERT_TRUE(seed.session->seed(made.torrent, source).ok());
  Node client = open(4, address(1));
  const auto into = folder("into");
  const auto release = client.session->fetch(made.info.infohashes, into, made.torrent);
  ASSERT_TRUE(release.ok());
  client.session->add_web_seed(*release, url_);
  ASSERT_TRUE(client.session->want(*release, {"kernel"}).ok());
  ASSERT_TRUE(run_until({&seed, &client}, seconds(30),
                        [&] { return client.find<PieceFailed>() != nullptr; }));
  client.session->connect(*release, address(3), PeerSource{.given = true});
  ASSERT_TRUE(run_until({&seed, &client}, seconds(30),
                        [&] { return client.find<ReleaseCompleted>() != nullptr; }));
  EXPECT_TRUE(read(source + "/" + kName + "/kernel") == read(into + "/" + kName + "/kernel"));
  bool named = false;
  for (const auto& account : client.session->peers(*release)) {
    if (account.web_seed) named = named || account.bad_pieces > 0;
    if (!account.web_seed) {
      EXPECT_FALSE(account.banned);  // It may have had a part in a piece that the server spoilt.
    }
  }
  EXPECT_TRUE(named);
}

}  // namespace
}  // namespace phase::dht
