// Goal: whoever sits on a pointer's key in the DHT can hide nothing while one honest node near it is
// left, and where none is, can hold a machine back no longer than the old release's expiry.
// Method: sim/hostile's nodes have the 7 (or 8) ids nearest to each salt's key, replay the pointers
// of every older release, forge newer ones and drop what is put; then a release is published.
#include <gmock/gmock.h>

#include <filesystem>
#include <regex>

#include "boot/acquire.h"
#include "dht/resolve.h"
#include "sim/command.h"
#include "tests/integration/hostile_fixture.h"
#include "tests/integration/in_network.h"

namespace phase::hostile_test {
namespace {

/// Real time passes; the calendar is the test's.
class SetClock final : public Clock {
 public:
  [[nodiscard]] MonoTime now() const override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] WallTime wall() const override { return time; }
  WallTime time{0};
};

class HostileDht : public HostileTest {
 protected:
  HostileDht() : HostileTest(30) {}

  /// Older releases are out, and their pointers in the hands of the crowd before the newest is.
  sim::Process& sit_on_the_keys(int nodes_of_eight, const std::vector<ReleaseCopy>& older,
                                const std::vector<std::string>& more = {}) {
    const auto host = add_host();
    std::vector<std::string> argv = {
        "phase-hostile-dht", "--public-key", kit().public_key, "--per-target",
        std::to_string(nodes_of_eight), "--listen", host.address + ":7000"};
    for (const auto& old : older) argv.insert(argv.end(), {"--items", old.items});
    for (const auto& node : world().bootstrap()) argv.insert(argv.end(), {"--bootstrap", node});
    argv.insert(argv.end(), more.begin(), more.end());
    return start_hostile(host, std::move(argv));
  }

  /// Until the publisher's puts of the newest release went through the crowd.
  void publish_into_the_crowd() {
    ASSERT_EQ(publish("stable", kBytes, {"--expires", "1d"}), kNewest);
    start_publisher({"stable"});
  }

  static void expect_replayed(const sim::Process& crowd, const std::vector<ReleaseCopy>& older) {
    for (const auto& old : older) {
      const std::string kind = "replay-" + std::to_string(old.version);
      std::printf("%s delivered %llu\n", kind.c_str(),
                  static_cast<unsigned long long>(delivered(crowd, kind)));
      EXPECT_GT(delivered(crowd, kind), 0U) << kind << "; " << replay_command();
    }
  }

  boot::AcquireOptions acquire_options() {
    boot::AcquireOptions out;
    out.policy = trust_single_key(must(parse_public_key(kit().public_key)));
    out.channel = "stable";
    out.arch = sim::kArch;
    out.folder = folder() + "/acquired" + std::to_string(++acquired_);
    std::filesystem::create_directories(out.folder);
    return out;
  }

  /// The pipeline as it runs in a machine, its calendar at `time`.
  Result<std::uint64_t> acquire_at(const sim::Host& from, WallTime time) {
    SetClock clock;
    clock.time = time;
    dht::SessionOptions session_options;
    session_options.network = dht::NetworkKind::kPrivate;
    session_options.nodes = must(dht::resolve_nodes(world().bootstrap(), seconds(5)));
    std::unique_ptr<dht::Session> session;
    {
      const InNetwork inside(from);
      session = must(dht::Session::open(session_options));
    }
    boot::Acquire acquire(*session, clock, acquire_options());
    acquire.start();
    const auto until = std::chrono::steady_clock::now() + seconds(60);
    while (!acquire.acquired() && !acquire.error()) {
      if (std::chrono::steady_clock::now() > until) return Error{ErrorCode::kTimeout, "60 s"};
      for (const auto& event : session->wait(std::chrono::milliseconds(100))) acquire.handle(event);
      acquire.tick();
    }
    if (acquire.error()) return *acquire.error();
    return acquire.acquired()->manifest.manifest.release_version;
  }

  static constexpr std::size_t kBytes = 1 << 20;
  static constexpr int kOlder = 3;
  static constexpr std::uint64_t kNewest = kOlder + 1;

 private:
  int acquired_ = 0;
};

TEST_F(HostileDht, SevenOfTheEightNearestReplayAndForgeAndTheNewReleaseIsChosen) {
  const auto older = publish_older("stable", kBytes, kOlder);
  auto& crowd = sit_on_the_keys(7, older, {"--forge"});
  publish_into_the_crowd();
  const auto fetched = finish(start_fetch(add_host(), "stable", bootstrap_options()));
  expect_published(fetched, "stable", kNewest);
  (void)must(crowd.stop(seconds(10)));
  std::printf("%.1f s; forged %llu, dropped puts %llu\n", fetched.seconds,
              static_cast<unsigned long long>(delivered(crowd, "forge")),
              static_cast<unsigned long long>(delivered(crowd, "dropped-put")));
  expect_replayed(crowd, older);
  EXPECT_GT(delivered(crowd, "forge"), 0U) << replay_command();
  EXPECT_GT(delivered(crowd, "dropped-put"), 0U) << replay_command();
}

// What an attacker who owns the whole neighbourhood of every key gains is the newest of the old
// releases that he shows, until it expires: a freeze with the bound that its publisher chose.
TEST_F(HostileDht, AllOfTheNearestHoldAMachineBackUntilTheOldReleaseExpires) {
  const auto older = publish_older("stable", kBytes, kOlder, {"--expires", "12h"});
  const auto inspected = nlohmann::json::parse(must(shell().run(
      "publisher", {"plasmd", "inspect", "--json",
                    release_folder("stable", older.back().version) + "/manifest.dsse"})));
  const auto expires = inspected.at("document").at("expires").get<std::int64_t>();
  auto& crowd = sit_on_the_keys(24, older);
  publish_into_the_crowd();
  const auto victim = add_host();
  const auto before = acquire_at(victim, {expires - 1});
  ASSERT_TRUE(before.ok()) << before.error().detail << "\n" << replay_command();
  EXPECT_EQ(*before, older.back().version) << "not what the crowd holds it back on";
  const auto after = acquire_at(victim, {expires + 1});
  ASSERT_FALSE(after.ok()) << "version " << *after << " was accepted; " << replay_command();
  EXPECT_EQ(after.error().code, ErrorCode::kExpired) << after.error().detail;
  (void)must(crowd.stop(seconds(10)));
  expect_replayed(crowd, older);
}

// Seven of the eight nodes nearest to both infohashes name nothing but peers that do not exist: one
// half of their addresses drops what comes, the other takes connections and stays silent.
TEST_F(HostileDht, AmongThreeThousandSilentPeersTheRealOneIsFoundWithinThirtySeconds) {
  ASSERT_EQ(publish("stable", kBytes), 1U);
  const auto release = nlohmann::json::parse(
      must(shell().run("publisher", {"plasmd", "inspect", torrent_file("stable", 1)})));
  const auto silent = add_host();
  const auto victim = add_host();
  // The silent host answers for all of 10.99.0.0/16: packets to it are its own.
  must(sim::run_commands(
      {{"ip", "route", "add", "local", "10.99.0.0/16", "dev", "lo"},
       {"nft", "add table inet silent"},
       {"nft", "add chain inet silent in { type filter hook input priority 0; }"},
       {"nft", "add rule inet silent in ip daddr 10.99.0.0/17 tcp flags syn counter drop"},
       {"nft", "add table ip one"},
       {"nft", "add chain ip one before { type nat hook prerouting priority -100; }"},
       {"nft", "add rule ip one before ip daddr 10.99.128.0/17 tcp dport 1-65535 redirect to :6881"}},
      silent.name));
  must(sim::run_commands({{"ip", "route", "add", "10.99.0.0/16", "via", silent.address}},
                         victim.name));
  auto& mute = start_peer(silent, "mute", "stable", 1);
  const auto crowd_host = add_host();
  std::vector<std::string> argv = {"phase-hostile-dht", "--bogus", "3000", "--bogus-network",
                                   "10.99.0.0", "--listen", crowd_host.address + ":7000",
                                   "--target", release.at("infohash_v1").get<std::string>(),
                                   "--target",
                                   release.at("infohash_v2").get<std::string>().substr(0, 40)};
  for (const auto& node : world().bootstrap()) argv.insert(argv.end(), {"--bootstrap", node});
  auto& crowd = start_hostile(crowd_host, argv);
  // Whoever provides says so through the DHT alone: the publisher, whom the pointer names, is gone.
  start_publisher({"stable"});
  const auto provider = add_host();
  auto follower = start_follower(provider, "stable");
  await_follower(*follower, 1);
  must(world().stop_publisher());
  const auto fetched = finish(start_fetch(victim, "stable", bootstrap_options()));
  expect_published(fetched, "stable", 1);
  EXPECT_LT(fetched.seconds, 30) << fetched.text();
  const auto dropped = must(sim::run_command({"nft", "list", "table", "inet", "silent"}, silent.name));
  std::smatch packets;
  ASSERT_TRUE(std::regex_search(dropped, packets, std::regex("packets ([0-9]+)"))) << dropped;
  (void)must(mute.stop(seconds(10)));
  (void)must(crowd.stop(seconds(10)));
  std::printf("%.1f s; %llu answers named bogus peers, %s packets dropped, %llu connections "
              "stayed silent\n",
              fetched.seconds, static_cast<unsigned long long>(delivered(crowd, "bogus-peers")),
              packets[1].str().c_str(), static_cast<unsigned long long>(delivered(mute, "mute")));
  EXPECT_GT(delivered(crowd, "bogus-peers"), 0U) << replay_command();
  EXPECT_GT(std::stoul(packets[1].str()), 0U) << replay_command();
  EXPECT_GT(delivered(mute, "mute"), 0U) << replay_command();
}

}  // namespace
}  // namespace phase::hostile_test
