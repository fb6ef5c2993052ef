// Goal: among ten providers some hostile ones cost little time and few bytes. Method: real
// followers on lines of 100 Mbit/s, a fetch behind such a line; then hostile peers take the places
// of some of them, addresses and ports included.
#include "tests/integration/hostile_fixture.h"

namespace phase::hostile_test {
namespace {

constexpr std::size_t kBytes = 64 << 20;
constexpr std::size_t kProviders = 10;

class HostileCrowd : public HostileTest {
 protected:
  void SetUp() override {
    HostileTest::SetUp();
    version_ = publish("stable", kBytes);
    start_publisher({"stable"});
    for (std::size_t i = 0; i < kProviders; ++i) {
      hosts_.push_back(add_host(sim::kProviderLine));
      followers_.push_back(start_follower(hosts_.back(), "stable"));
    }
    for (auto& follower : followers_) await_follower(*follower, version_);
    must(world().stop_publisher());
  }

  Fetched fetch() {
    return finish(start_fetch(add_host(sim::kProviderLine), "stable", bootstrap_options()));
  }

  /// Hostile peers in the place of the first followers, one of each of `kinds`.
  std::vector<sim::Process*> turn(const std::vector<std::string>& kinds) {
    std::vector<sim::Process*> out;
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      (void)followers_[i]->stop(seconds(20));
      followers_[i].reset();
      out.push_back(&start_peer(hosts_[i], kinds[i], "stable", version_, nullptr,
                                "manifest.dsse"));
    }
    return out;
  }

  std::uint64_t version_ = 0;
  std::vector<sim::Host> hosts_;
  std::vector<std::unique_ptr<sim::Process>> followers_;
};

TEST_F(HostileCrowd, HalfOfTenProvidersCostAtMostTwiceTheHonestTime) {
  const auto honest = fetch();
  expect_published(honest, "stable", version_);
  const std::vector<std::string> kinds = {"corrupt", "truncate", "lie-length", "stall", "never-end"};
  const auto hostile = turn(kinds);
  const auto fetched = fetch();
  expect_published(fetched, "stable", version_);
  std::printf("64 MiB: %.1f s with ten honest providers, %.1f s with five of ten hostile, %llu "
              "bytes wasted\n",
              honest.seconds, fetched.seconds, static_cast<unsigned long long>(fetched.wasted()));
  EXPECT_LE(fetched.seconds, 2 * honest.seconds) << fetched.text();
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    (void)must(hostile[i]->stop(seconds(10)));
    std::printf("%s delivered %llu\n", kinds[i].c_str(),
                static_cast<unsigned long long>(delivered(*hostile[i], kinds[i])));
    EXPECT_GT(delivered(*hostile[i], kinds[i]), 0U) << kinds[i] << "; " << replay_command();
  }
}

TEST_F(HostileCrowd, ThirtyPercentCorruptPeersWasteAtMostFivePercentOfTheBytes) {
  const auto hostile = turn({"corrupt", "corrupt", "corrupt"});
  const auto fetched = fetch();
  expect_published(fetched, "stable", version_);
  std::printf("64 MiB with three of ten providers corrupt: %.1f s, %llu bytes wasted (%.2f %%)\n",
              fetched.seconds, static_cast<unsigned long long>(fetched.wasted()),
              100.0 * static_cast<double>(fetched.wasted()) / kBytes);
  EXPECT_LE(fetched.wasted(), kBytes / 20) << fetched.text();
  // A person sees at the end who was refused for what.
  std::vector<std::string> argv = {"plasmd", "fetch", "--trust", kit().public_key, "--out",
                                   folder() + "/seen"};
  const auto how = bootstrap_options();
  argv.insert(argv.end(), how.begin(), how.end());
  const std::string seen = must(shell().run(add_host(sim::kProviderLine).name, argv));
  EXPECT_THAT(seen, testing::ContainsRegex("\n10\\.77\\.6\\.[0-9]+:6881 +[0-9]+ bytes, found by dht, "
                                           "[0-9]+ bad pieces, banned: it served altered bytes\n"));
  EXPECT_THAT(seen, testing::ContainsRegex("\nrefused: provider 10\\.77\\.6\\.[0-9]+:6881 served bytes "
                                           "that do not match the signed release\n"));
  for (auto* peer : hostile) {
    (void)must(peer->stop(seconds(10)));
    EXPECT_GT(delivered(*peer, "corrupt"), 0U) << replay_command();
  }
}

}  // namespace
}  // namespace phase::hostile_test
