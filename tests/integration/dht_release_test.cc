// tests/integration/dht_release_test.cc
// Releases from seed to fetch, found through the DHT alone.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>

#include "dht_fixture.h"

namespace phase::dht {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

const std::string kName = "phase-stable-x86_64-1-01234567";
const std::vector<std::pair<std::string, std::size_t>> kFiles = {
    {"SHA256SUMS", 300},      {"dtbs/board.dtb", 70'000}, {"empty", 0},
    {"initramfs", 3'000'001}, {"kernel", 2'000'000},      {"manifest.dsse", 700}};
constexpr PeerSource kFromDht{.dht = true};

class DhtReleases : public DhtTest {
 protected:
  /// Connects to every provider that the lookup has reported so far.
  static void connect_found(Node& node, ReleaseId release) {
    for (const auto& event : node.events) {
      const auto* found = std::get_if<ProvidersFound>(&event);
      if (found == nullptr) continue;
      for (const auto& peer : found->peers) node.session->connect(release, peer, kFromDht);
    }
  }
  /// Finds providers by the DHT alone and gets the file list. Returns the release.
  static ReleaseId discover(Node& node, const std::vector<Node*>& all, const Infohashes& infohashes,
                            const std::string& into, std::size_t providers = 1) {
    node.session->find_providers(infohashes);
    const auto release = node.session->fetch(infohashes, into);
    EXPECT_TRUE(release.ok()) << release.error().detail;
    std::size_t seen = 0;
    const bool got = run_until(all, seconds(30), [&] {
      if (node.events.size() != seen) connect_found(node, *release);
      seen = node.events.size();
      return node.find<MetadataReceived>() != nullptr && peers_found(node) >= providers;
    });
    EXPECT_TRUE(got) << "no metadata; providers found: " << peers_found(node);
    return *release;
  }
  static std::size_t peers_found(const Node& node) {
    std::set<Endpoint> all;
    for (const auto& event : node.events) {
      const auto* found = std::get_if<ProvidersFound>(&event);
      if (found != nullptr) all.insert(found->peers.begin(), found->peers.end());
    }
    return all.size();
  }
  static std::uint64_t received(const Node& node, ReleaseId release) {
    std::uint64_t sum = 0;
    for (const auto& account : node.session->peers(release)) sum += account.received;
    return sum;
  }
  static std::function<bool()> completed(const Node& node) {
    return [&node] { return node.find<ReleaseCompleted>() != nullptr; };
  }
  static void expect_same(const std::string& one, const std::string& other,
                          const std::vector<std::string>& paths) {
    for (const auto& path : paths) {
      EXPECT_TRUE(read(one + "/" + kName + "/" + path) == read(other + "/" + kName + "/" + path))
          << path << " differs";
    }
  }
};

// Two seeds are found by get_peers alone. Before want() not a byte of payload comes, after it only
// what was wanted, and from both seeds.
TEST_F(DhtReleases, AreFetchedFromSeedsThatOnlyTheDhtKnows) {
  const auto bootstrap = start_plain_nodes(1);
  const auto source = folder("source");
  const auto made = make_release(source, kName, kFiles);
  Node one = open(2, bootstrap);
  Node two = open(3, bootstrap);
  ASSERT_TRUE(one.session->seed(made.torrent, source).ok());
  ASSERT_TRUE(two.session->seed(made.torrent, source).ok());
  Node client = open(4, bootstrap, [](SessionOptions& o) { o.read_only_dht = true; });
  const auto into = folder("into");
  const std::vector<Node*> all = {&one, &two, &client};

  const auto release = discover(client, all, made.info.infohashes, into, 2);
  EXPECT_FALSE(run_until(all, seconds(1), [&] { return received(client, release) != 0; }));
  EXPECT_FALSE(client.session->status(release).complete);
  const auto info = client.session->info(release);
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->infohashes, made.info.infohashes);
  ASSERT_EQ(info->files.size(), kFiles.size());

  const std::vector<std::string> first = {"manifest.dsse", "empty"};
  ASSERT_TRUE(client.session->want(release, first).ok());
  ASSERT_TRUE(run_until(all, seconds(30), completed(client)));
  expect_same(source, into, first);
  EXPECT_LE(received(client, release), info->piece_length);
  EXPECT_FALSE(fs::exists(into + "/" + kName + "/kernel"));

  client.events.clear();
  std::vector<std::string> everything;
  std::uint64_t bytes = 0;
  for (const auto& [path, size] : kFiles) {
    everything.push_back(path);
    bytes += size;
  }
  EXPECT_TRUE(client.session->status(release).complete);
  ASSERT_TRUE(client.session->want(release, everything).ok());
  // From here on it is about the files that are wanted now.
  const auto begun = client.session->status(release);
  EXPECT_FALSE(begun.complete);
  EXPECT_EQ(begun.wanted, bytes);
  EXPECT_LT(begun.done, begun.wanted);
  ASSERT_TRUE(run_until(all, seconds(30), completed(client)));
  expect_same(source, into, everything);
  const auto status = client.session->status(release);
  EXPECT_TRUE(status.complete);
  EXPECT_TRUE(status.seeding);
  EXPECT_EQ(status.done, status.wanted);
  std::size_t gave = 0;
  for (const auto& account : client.session->peers(release)) {
    EXPECT_TRUE(account.source.dht) << account.peer.text();
    gave += account.received > 0 ? 1U : 0U;
  }
  EXPECT_EQ(gave, 2u);
  const auto torrent = client.session->torrent_file(release);
  ASSERT_TRUE(torrent.ok()) << torrent.error().detail;
  EXPECT_EQ(*torrent, made.torrent);
  EXPECT_EQ(client.session->want(release, {"nothing"}).error().code, ErrorCode::kNotFound);
}

// The accounts of peers that are gone stay, with all that they gave.
TEST_F(DhtReleases, KeepTheAccountsOfPeersThatHaveLeft) {
  const auto bootstrap = start_plain_nodes(1);
  const auto source = folder("source");
  const auto made = make_release(source, kName, {{"kernel", 4'000'000}});
  auto seed = std::make_unique<Node>(open(2, bootstrap));
  ASSERT_TRUE(seed->session->seed(made.torrent, source).ok());
  Node client = open(3, bootstrap);
  const auto release =
      discover(client, {seed.get(), &client}, made.info.infohashes, folder("into"));
  ASSERT_TRUE(client.session->want(release, {"kernel"}).ok());
  ASSERT_TRUE(run_until({seed.get(), &client}, seconds(30), completed(client)));
  seed.reset();
  ASSERT_TRUE(run_until({&client}, seconds(10),
                        [&] { return client.session->status(release).peers == 0; }));
  const auto accounts = client.session->peers(release);
  ASSERT_EQ(accounts.size(), 1u);
  EXPECT_EQ(accounts[0].peer, address(2));
  EXPECT_GE(accounts[0].received, 4'000'000u);
  EXPECT_LT(accounts[0].received, 4'200'000u);
  EXPECT_EQ(accounts[0].client.substr(0, 10), "phase-boot");
}

// A provider that is restarted in the middle comes back at its endpoint: what it gave before counts once.
TEST_F(DhtReleases, CountOnceWhatCameBeforeAReconnection) {
  const auto bootstrap = start_plain_nodes(1);
  const auto source = folder("source");
  constexpr std::uint64_t kSize = 4'000'000;
  const auto made = make_release(source, kName, {{"kernel", kSize}});
  const auto limited = [](SessionOptions& options) { options.upload_limit = 1'000'000; };
  auto seed = std::make_unique<Node>(open(2, bootstrap, limited));
  ASSERT_TRUE(seed->session->seed(made.torrent, source).ok());
  Node client = open(3, bootstrap);
  const auto release =
      discover(client, {seed.get(), &client}, made.info.infohashes, folder("into"));
  ASSERT_TRUE(client.session->want(release, {"kernel"}).ok());
  ASSERT_TRUE(run_until({seed.get(), &client}, seconds(30),
                        [&] { return received(client, release) > kSize / 2; }));
  seed.reset();
  ASSERT_TRUE(run_until({&client}, seconds(10),
                        [&] { return client.session->status(release).peers == 0; }));
  const std::uint64_t before = received(client, release);

  seed = std::make_unique<Node>(open(2, bootstrap));
  ASSERT_TRUE(seed->session->seed(made.torrent, source).ok());
  client.each = [&] { client.session->connect(release, address(2), kFromDht); };
  ASSERT_TRUE(run_until({seed.get(), &client}, seconds(30), completed(client)));
  EXPECT_GT(before, kSize / 2);
  EXPECT_LT(received(client, release), kSize + kSize / 10);
}

// A fetch is cut off in the middle, as by SIGKILL: its session ends without a word to the release.
// The next one checks what is there and fetches only the rest.
TEST_F(DhtReleases, GoOnWhereAnEarlierFetchWasCutOff) {
  const auto bootstrap = start_plain_nodes(1);
  const auto source = folder("source");
  constexpr std::size_t kSize = 6'000'000;
  const auto made = make_release(source, kName, {{"kernel", kSize}, {"manifest.dsse", 500}});
  Node seed = open(2, bootstrap, [](SessionOptions& o) { o.upload_limit = 2'000'000; });
  ASSERT_TRUE(seed.session->seed(made.torrent, source).ok());
  const auto into = folder("into");
  {
    Node first = open(3, bootstrap);
    const auto release = discover(first, {&seed, &first}, made.info.infohashes, into);
    ASSERT_TRUE(first.session->want(release, {"kernel"}).ok());
    ASSERT_TRUE(run_until({&seed, &first}, seconds(30),
                          [&] { return first.session->status(release).done > kSize / 2; }));
    ASSERT_FALSE(first.session->status(release).complete) << "too fast to be cut off";
  }
  Node second = open(4, bootstrap);
  const auto release = discover(second, {&seed, &second}, made.info.infohashes, into);
  ASSERT_TRUE(second.session->want(release, {"kernel"}).ok());
  ASSERT_TRUE(run_until({&seed, &second}, seconds(30), completed(second)));
  EXPECT_LT(received(second, release), kSize / 2 + 2 * made.info.piece_length);
  EXPECT_GT(received(second, release), 0u);
  expect_same(source, into, {"kernel"});

  // And where nothing is missing, nothing is fetched; a file that had grown is cut back.
  second.session.reset();
  fs::resize_file(into + "/" + kName + "/kernel", kSize + 100);
  Node third = open(5, bootstrap);
  const auto again = discover(third, {&seed, &third}, made.info.infohashes, into);
  ASSERT_TRUE(third.session->want(again, {"kernel"}).ok());
  ASSERT_TRUE(run_until({&seed, &third}, seconds(30), completed(third)));
  EXPECT_EQ(received(third, again), 0u);
  expect_same(source, into, {"kernel"});
}

// One of two providers alters every block of the kernel. The fetch completes with the right bytes,
// and the liar is named.
TEST_F(DhtReleases, NameTheProviderThatAltersBytes) {
  const auto bootstrap = start_plain_nodes(1);
  const auto source = folder("source");
  const auto made = make_release(source, kName, {{"kernel", 8'000'000}, {"manifest.dsse", 500}});
  const auto torrent = folder("t") + "/release.torrent";
  std::ofstream(torrent, std::ios::binary) << as_text(made.torrent);
  Node honest = open(2, bootstrap, [](SessionOptions& o) { o.upload_limit = 4'000'000; });
  ASSERT_TRUE(honest.session->seed(made.torrent, source).ok());
  sim::ProcessOptions options;
  options.argv = {
      PHASE_ALTERING_PROVIDER, "--torrent",   torrent,          "--folder", source,  "--listen",
      address(3).text(),       "--bootstrap", bootstrap.text(), "--alter",  "kernel"};
  auto liar = sim::Process::start(std::move(options));
  ASSERT_TRUE(liar.ok());
  ASSERT_TRUE((*liar)->wait_for_line("^announced", seconds(20)).ok());

  Node client = open(4, bootstrap);
  const auto into = folder("into");
  const auto release = discover(client, {&honest, &client}, made.info.infohashes, into, 2);
  ASSERT_TRUE(client.session->want(release, {"kernel"}).ok());
  ASSERT_TRUE(run_until({&honest, &client}, seconds(60), completed(client)));
  expect_same(source, into, {"kernel"});

  const auto sent = (*liar)->wait_for_line("^altered-bytes-sent ([0-9]+)", seconds(10));
  ASSERT_TRUE(sent.ok()) << sent.error().detail;
  EXPECT_GT(std::stoull(sent->groups.at(1)), 0u) << "the attack was never delivered";
  EXPECT_TRUE((*liar)->stop(seconds(10)).ok());  // By itself, so that it removes its copy.
  bool named = false;
  for (const auto& account : client.session->peers(release)) {
    std::cout << account.peer.text() << " received=" << account.received
              << " bad=" << account.bad_pieces << " banned=" << account.banned << "\n";
    if (account.peer == address(3)) named = account.bad_pieces > 0 || account.banned;
    if (account.peer == address(2)) {
      EXPECT_FALSE(account.banned);
    }
  }
  EXPECT_TRUE(named);
  EXPECT_NE(client.find<PieceFailed>(), nullptr);
  const auto* ban = client.find<PeerBanned>();
  ASSERT_NE(ban, nullptr);
  EXPECT_EQ(ban->peer, address(3));
}

// Infohashes that nobody announced: no provider is made up, and the fetch just waits.
TEST_F(DhtReleases, AreNotFoundWhereNobodyServesThem) {
  const auto bootstrap = start_plain_nodes(1);
  Node client = open(2, bootstrap);
  Infohashes infohashes;
  infohashes.v1.fill(1);
  infohashes.v2.fill(2);
  client.session->find_providers(infohashes);
  ASSERT_TRUE(client.session->fetch(infohashes, folder("into")).ok());
  EXPECT_EQ(client.session->fetch(infohashes, folder("into")).error().code, ErrorCode::kExists);
  EXPECT_FALSE(
      run_until({&client}, seconds(3), [&] { return client.find<ProvidersFound>() != nullptr; }));
}

// The .torrent came by another way: the file list is known at once, and still nothing is fetched
// before want().
TEST_F(DhtReleases, AreFetchedByATorrentFileThatIsAlreadyThere) {
  const auto source = folder("source");
  const auto made = make_release(source, kName, kFiles);
  Node seed = open(2, address(1));
  ASSERT_TRUE(seed.session->seed(made.torrent, source).ok());
  Node client = open(3, address(1));
  const auto into = folder("into");
  auto other = made.info.infohashes;
  other.v2[0] ^= 1;
  EXPECT_EQ(client.session->fetch(other, into, made.torrent).error().code, ErrorCode::kMalformed);
  const auto release = client.session->fetch(made.info.infohashes, into, made.torrent);
  ASSERT_TRUE(release.ok()) << release.error().detail;
  ASSERT_TRUE(client.session->info(*release).has_value());
  client.session->connect(*release, address(2), PeerSource{.given = true});
  ASSERT_TRUE(run_until({&seed, &client}, seconds(20),
                        [&] { return client.session->status(*release).peers == 1; }));
  EXPECT_FALSE(
      run_until({&seed, &client}, seconds(1), [&] { return received(client, *release) != 0; }));
  ASSERT_TRUE(client.session->want(*release, {"kernel"}).ok());
  ASSERT_TRUE(run_until({&seed, &client}, seconds(20), completed(client)));
  expect_same(source, into, {"kernel"});
  EXPECT_NE(
      client.find<FileCompleted>([](const FileCompleted& file) { return file.path == "kernel"; }),
      nullptr);
  EXPECT_TRUE(client.session->peers(*release).at(0).source.given);
}

// A file changes on a provider's disk after the release was made. The provider notices before it
// serves the piece, says so, and leaves the file as it is.
TEST_F(DhtReleases, AreNotServedFromAFileThatHasChanged) {
  const auto source = folder("source");
  const auto made = make_release(source, kName, {{"kernel", 500'000}});
  const auto kernel = source + "/" + kName + "/kernel";
  Node seed = open(2, address(1));
  const auto served = seed.session->seed(made.torrent, source);
  ASSERT_TRUE(served.ok());
  const std::string changed(500'000, 'x');
  std::ofstream(kernel, std::ios::binary) << changed;
  Node client = open(3, address(1));
  const auto release = client.session->fetch(made.info.infohashes, folder("into"), made.torrent);
  ASSERT_TRUE(release.ok());
  client.session->connect(*release, address(2), kFromDht);
  ASSERT_TRUE(client.session->want(*release, {"kernel"}).ok());
  ASSERT_TRUE(run_until({&seed, &client}, seconds(20),
                        [&] { return seed.find<ReleaseFailed>() != nullptr; }));
  EXPECT_EQ(seed.find<ReleaseFailed>()->error.code, ErrorCode::kStore);
  EXPECT_FALSE(seed.session->status(*served).complete);
  EXPECT_TRUE(read(kernel) == changed);
  EXPECT_FALSE(client.session->status(*release).complete);
  std::ofstream(kernel, std::ios::binary) << "short";
  Node other = open(4, address(1));
  EXPECT_EQ(other.session->seed(made.torrent, source).error().code, ErrorCode::kStore);
}

// With a transfer under way and providers that do not answer, the session still ends at once.
TEST_F(DhtReleases, EndWithTheirSessionAtOnce) {
  const auto bootstrap = start_plain_nodes(1);
  const auto source = folder("source");
  const auto made = make_release(source, kName, {{"kernel", 3'000'000}});
  Node seed = open(2, bootstrap, [](SessionOptions& o) { o.upload_limit = 200'000; });
  ASSERT_TRUE(seed.session->seed(made.torrent, source).ok());
  Node client = open(3, bootstrap);
  const auto release = discover(client, {&seed, &client}, made.info.infohashes, folder("into"));
  client.session->connect(release, address(77), kFromDht);
  ASSERT_TRUE(client.session->want(release, {"kernel"}).ok());
  ASSERT_TRUE(
      run_until({&seed, &client}, seconds(30), [&] { return received(client, release) > 0; }));
  for (Node* node : {&client, &seed}) {
    const auto start = std::chrono::steady_clock::now();
    node->session.reset();
    const auto took = std::chrono::steady_clock::now() - start;
    EXPECT_LT(took, seconds(1));
    std::cout << "ended in " << std::chrono::duration_cast<milliseconds>(took).count() << " ms\n";
  }
}

}  // namespace
}  // namespace phase::dht
