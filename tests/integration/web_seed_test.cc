// Goal: web servers (BEP 19) beside or in place of peers give a release whole, share the work, and
// cost nothing where they fail or lie. Method: nginx as somebody else's server, sessions and
// boot::WebSeeds as the acquire pipeline uses them, on loopback.
#include "boot/web/web_seeds.h"

#include <fstream>
#include <numeric>

#include "dht_fixture.h"
#include "sim/process.h"

namespace phase::dht {
namespace {

using boot::WebSeeds;
using std::chrono::seconds;

const std::string kName = "phase-stable-x86_64-1-01234567";

class WebSeedTest : public DhtTest {
 protected:
  void SetUp() override {
    DhtTest::SetUp();
    source_ = folder("source");
    made_ =
        make_release(source_, kName, {{"dtbs/a.dtb", 30'000}, {"empty", 0}, {"kernel", kKernel}});
  }
  void TearDown() override {
    web_.reset();
    client_.session.reset();
    servers_.clear();
    DhtTest::TearDown();
  }
  /// nginx serves `root` on port 8080 of address(host), with more `settings` for its one server.
  std::string start_nginx(int host, const std::string& root, const std::string& settings = "") {
    const auto own = folder("nginx-" + std::to_string(host));
    auto at = address(host);
    at.port = 8080;
    const auto config = own + "/nginx.conf";
    std::ofstream(config) << "daemon off; master_process off; pid " << own << "/pid;\n"
                          << "error_log stderr notice;\nevents {}\nhttp { access_log " << own
                          << "/access;\nclient_body_temp_path " << own << "/a; proxy_temp_path "
                          << own << "/b; fastcgi_temp_path " << own << "/c; uwsgi_temp_path " << own
                          << "/d; scgi_temp_path " << own << "/e;\n"
                          << "server { listen " << at.text() << "; root " << root << "; "
                          << settings << " } }\n";
    sim::ProcessOptions options;
    options.argv = {"/usr/sbin/nginx", "-p", own, "-c", config, "-e", "stderr"};
    auto started = sim::Process::start(std::move(options));
    EXPECT_TRUE(started.ok()) << started.error().detail;
    if (!started) return {};
    const auto ready = (*started)->wait_for_line("using the .* event method", seconds(10));
    EXPECT_TRUE(ready.ok()) << ready.error().detail;
    servers_[host] = std::move(*started);
    return "http://" + at.text();
  }
  /// A client that knows the release's .torrent and asks `urls`.
  void start_client(const std::vector<std::string>& urls) {
    client_ = open(100, address(1), [](SessionOptions& o) { o.enable_dht = false; });
    into_ = folder("into");
    const auto release = client_.session->fetch(made_.info.infohashes, into_, made_.torrent);
    ASSERT_TRUE(release.ok());
    release_ = *release;
    web_ = std::make_unique<WebSeeds>(*client_.session, boot::HttpWay{},
                                      [this] { client_.session->wake(); });
    const auto layout = read_piece_layout(made_.torrent);
    ASSERT_TRUE(layout.ok()) << layout.error().detail;
    web_->want(kFiles);
    for (const auto& url : urls) web_->add(release_, url, *layout);
    ASSERT_TRUE(client_.session->want(release_, kFiles).ok());
    client_.each = [this] {
      web_->tick(std::chrono::steady_clock::now());
      for (const auto& refusal : web_->take_refusals()) refusals_.push_back(refusal);
    };
  }
  [[nodiscard]] bool complete() const { return client_.find<ReleaseCompleted>() != nullptr; }
  void expect_whole() const {
    for (const auto& file : kFiles) {
      EXPECT_TRUE(read(source_ + "/" + kName + "/" + file) ==
                  read(into_ + "/" + kName + "/" + file))
          << file;
    }
    EXPECT_EQ(client_.session->status(release_).failed_bytes, 0U);
    EXPECT_EQ(client_.find<PieceFailed>(), nullptr) << "only checked pieces reach libtorrent";
  }
  [[nodiscard]] std::uint64_t from_web() const {
    std::uint64_t sum = 0;
    for (const auto& account : web_->accounts()) sum += account.received;
    return sum;
  }
  [[nodiscard]] std::uint64_t from_peers() const {
    std::uint64_t sum = 0;
    for (const auto& account : client_.session->peers(release_)) sum += account.received;
    return sum;
  }
  static std::size_t lines(const std::string& path) {
    const std::string text = read(path);
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  static constexpr std::size_t kKernel = 12'345'678;
  const std::vector<std::string> kFiles = {"dtbs/a.dtb", "empty", "kernel"};
  std::string source_, into_;
  MadeTorrent made_;
  Node client_;
  ReleaseId release_ = 0;
  std::unique_ptr<WebSeeds> web_;
  std::vector<WebSeeds::Refusal> refusals_;
  std::map<int, std::unique_ptr<sim::Process>> servers_;
};

TEST_F(WebSeedTest, GivesAReleaseWithoutAnyPeer) {
  start_client({start_nginx(2, source_)});
  ASSERT_TRUE(run_until({&client_}, seconds(30), [&] { return complete(); }));
  expect_whole();
  const auto accounts = web_->accounts();
  ASSERT_EQ(accounts.size(), 1U);
  EXPECT_TRUE(accounts[0].web_seed);
  EXPECT_EQ(accounts[0].peer.host(), address(2).host());
  EXPECT_EQ(accounts[0].received, kKernel + 30'000) << "each byte once";
  EXPECT_LE(lines(folder("nginx-2") + "/access"), 3U)
      << "long runs, for each question is a round trip";
}

// The server has another kernel of the same size. Nothing of it reaches the session, the peer gives
// the right one and is not blamed, the server is asked no more.
TEST_F(WebSeedTest, IsAskedNoMoreOnceItServedOtherBytes) {
  const auto altered = folder("altered");
  (void)make_release(altered, kName, {{"dtbs/a.dtb", 30'000}, {"kernel", kKernel}}, 2);
  const auto url = start_nginx(2, altered);
  Node seed = open(3, address(1));
  ASSERT_TRUE(seed.session->seed(made_.torrent, source_).ok());
  start_client({url});
  ASSERT_TRUE(run_until({&seed, &client_}, seconds(30), [&] { return !refusals_.empty(); }));
  EXPECT_TRUE(refusals_[0].banned);
  EXPECT_EQ(refusals_[0].why.code, ErrorCode::kAltered);
  EXPECT_EQ(refusals_[0].base, url);
  EXPECT_FALSE(web_->alive());
  client_.session->connect(release_, address(3), PeerSource{.given = true});
  ASSERT_TRUE(run_until({&seed, &client_}, seconds(30), [&] { return complete(); }));
  expect_whole();
  EXPECT_TRUE(web_->accounts().at(0).banned);
  for (const auto& account : client_.session->peers(release_)) EXPECT_FALSE(account.banned);
}

TEST_F(WebSeedTest, SeveralShareTheWork) {
  // What one of them alone would take 6 s for.
  const std::string slow = "limit_rate 2m;";
  start_client({start_nginx(2, source_, slow), start_nginx(3, source_, slow),
                start_nginx(4, source_, slow)});
  ASSERT_TRUE(run_until({&client_}, seconds(30), [&] { return complete(); }));
  expect_whole();
  const auto accounts = web_->accounts();
  ASSERT_EQ(accounts.size(), 3U);
  for (const auto& account : accounts) EXPECT_GT(account.received, kKernel / 5);
  EXPECT_LT(from_web(), kKernel * 11 / 10);
}

TEST_F(WebSeedTest, TheSlowestIsNotWaitedFor) {
  start_client({start_nginx(2, source_, "limit_rate 100k;"), start_nginx(3, source_)});
  // The slow one alone would take two minutes for its half.
  ASSERT_TRUE(run_until({&client_}, seconds(20), [&] { return complete(); }));
  expect_whole();
  EXPECT_LT(from_web(), kKernel * 12 / 10);
}

TEST_F(WebSeedTest, MixesWithPeersAndFetchesLittleTwice) {
  const auto url = start_nginx(2, source_, "limit_rate 2m;");
  Node seed = open(3, address(1), [](SessionOptions& o) { o.upload_limit = 2'000'000; });
  ASSERT_TRUE(seed.session->seed(made_.torrent, source_).ok());
  start_client({url});
  client_.session->connect(release_, address(3), PeerSource{.given = true});
  ASSERT_TRUE(run_until({&seed, &client_}, seconds(30), [&] { return complete(); }));
  expect_whole();
  EXPECT_GT(from_web(), kKernel / 4);
  EXPECT_GT(from_peers(), kKernel / 4);
  EXPECT_LT(from_web() + from_peers(), kKernel * 11 / 10);
}

TEST_F(WebSeedTest, WithoutRangesGivesWholeFiles) {
  start_client({start_nginx(2, source_, "max_ranges 0;")});
  ASSERT_TRUE(run_until({&client_}, seconds(30), [&] { return complete(); }));
  expect_whole();
}

TEST_F(WebSeedTest, MayCloseItsConnectionAfterEachAnswer) {
  const std::string once = "keepalive_requests 1;";
  start_client({start_nginx(2, source_, once), start_nginx(3, source_, once)});
  ASSERT_TRUE(run_until({&client_}, seconds(30), [&] { return complete(); }));
  expect_whole();
  EXPECT_TRUE(refusals_.empty());
}

TEST_F(WebSeedTest, AnotherGoesOnWhereOneDies) {
  start_client(
      {start_nginx(2, source_, "limit_rate 2m;"), start_nginx(3, source_, "limit_rate 2m;")});
  ASSERT_TRUE(run_until({&client_}, seconds(30), [&] { return from_web() > 2'000'000; }));
  servers_.erase(2);
  ASSERT_TRUE(run_until({&client_}, seconds(60), [&] { return complete(); }));
  expect_whole();
  EXPECT_LT(from_web(), kKernel * 11 / 10) << "what came of the dead one is kept";
}

TEST_F(WebSeedTest, ComesBackAfterARestart) {
  const auto url = start_nginx(2, source_, "limit_rate 2m;");
  start_client({url});
  ASSERT_TRUE(run_until({&client_}, seconds(30), [&] { return from_web() > 2'000'000; }));
  servers_.erase(2);
  (void)start_nginx(2, source_);
  ASSERT_TRUE(run_until({&client_}, seconds(60), [&] { return complete(); }));
  expect_whole();
  EXPECT_LT(from_web(), kKernel * 11 / 10);
}

TEST_F(WebSeedTest, WithoutTheReleaseIsAskedOnce) {
  start_client({start_nginx(2, folder("nothing"))});
  ASSERT_TRUE(run_until({&client_}, seconds(30), [&] { return !web_->alive(); }));
  ASSERT_EQ(refusals_.size(), 1U);
  EXPECT_NE(refusals_[0].why.detail.find("answered 404"), std::string::npos)
      << refusals_[0].why.detail;
  EXPECT_FALSE(refusals_[0].banned);
  EXPECT_EQ(lines(folder("nginx-2") + "/access"), 1U);
}

TEST_F(WebSeedTest, ThatIsOverloadedIsAskedAgainButNotForEver) {
  start_client({start_nginx(2, source_, "return 503;")});
  ASSERT_TRUE(run_until({&client_}, seconds(40), [&] { return !web_->alive(); }));
  EXPECT_EQ(lines(folder("nginx-2") + "/access"), static_cast<std::size_t>(boot::kMaxWebFailures));
}

}  // namespace
}  // namespace phase::dht
