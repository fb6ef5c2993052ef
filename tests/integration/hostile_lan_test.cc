// Goal: neighbours on the link that say that they fetch the same, and deliver nothing, cost a fetch a
// bounded time, however many they are and however often they change their mind. Method: the real
// `plasmd fetch` behind a slow line, whose far end alone has the release: as a swarm, and as a web server
// only; a hostile neighbour (sim/hostile/neighbour.h) of each kind beside it.
#include "proto/keys.h"
#include "sim/command.h"
#include "tests/integration/hostile_fixture.h"

namespace phase::hostile_test {
namespace {

constexpr std::size_t kBytes = 8 << 20;
/// Four seconds and more for all of it: twice as long as a neighbour is waited for.
constexpr sim::Rate kLine{16'000'000};

struct Way {
  const char* name;
  bool web = false;
};

class HostileNeighbour : public HostileTest, public testing::WithParamInterface<Way> {
 protected:
  void SetUp() override {
    HostileTest::SetUp();
    version_ = publish("stable", kBytes);
    start_publisher({"stable"});
    lan_ = must(world().add_lan("site", kLine));
    evil_ = must(world().network().add_host(lan_, "evil", 100));
    how_ = {"--bootstrap", "none", "--provider", "http://10.77.2.1:8080"};
    if (GetParam().web) {
      must(sim::run_commands(
          {{"nft", "add table inet closed; add chain inet closed out { type filter hook forward "
                   "priority 0; }; add rule inet closed out tcp dport 6881 reject with tcp reset"}},
          lan_.router.name));
      return;
    }
    how_.clear();
    for (const auto& node : world().bootstrap()) how_.insert(how_.end(), {"--bootstrap", node});
  }

  Fetched fetch() {
    const int number = 10 + ++clients_;
    return finish(start_fetch(
        must(world().network().add_host(lan_, "client" + std::to_string(number), number)), "stable",
        how_));
  }

  /// Beside a neighbour of `kind`, which is gone afterwards.
  void expect_bounded(const std::string& kind, double honest_seconds) {
    const std::string key = must(parse_public_key(kit().public_key)).id();
    auto& neighbour = start_hostile(
        evil_, {"phase-hostile-lan", "--kind", kind, "--listen", evil_.address + ":6881", "--release",
                key + "/stable/" + sim::kArch + "/" + std::to_string(version_)});
    const auto fetched = fetch();
    expect_published(fetched, "stable", version_);
    (void)must(neighbour.stop(seconds(10)));
    const auto count = delivered(neighbour, kind);
    std::printf("%s: 8 MiB through 16 Mbit/s: %.1f s, beside \"%s\" %.1f s (%llu connections kept "
                "waiting, %llu claims)\n",
                GetParam().name, honest_seconds, kind.c_str(), fetched.seconds,
                static_cast<unsigned long long>(count),
                static_cast<unsigned long long>(delivered(neighbour, "claims")));
    EXPECT_GT(count, 0U) << kind << " was believed by nobody: " << fetched.text();
    EXPECT_LE(fetched.seconds, 2 * honest_seconds) << kind << ": " << fetched.text();
  }

  std::uint64_t version_ = 0;
  sim::Lan lan_;
  sim::Host evil_;
  std::vector<std::string> how_;
  int clients_ = 0;
};

TEST_P(HostileNeighbour, OfEachKindCostsABoundedTime) {
  const auto honest = fetch();
  expect_published(honest, "stable", version_);
  for (const char* kind : {"silent", "many", "flitting"}) expect_bounded(kind, honest.seconds);
}

INSTANTIATE_TEST_SUITE_P(Ways, HostileNeighbour,
                         testing::Values(Way{"swarm"}, Way{"web", true}),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace phase::hostile_test
