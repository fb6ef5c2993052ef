// Goal: peers that name others who are none (BEP 11) cost a fetch little, and have it knock at few
// doors of a host that they want to harm. Method: hostile peers of each kind announce a release, beside
// the publisher and without; the host that they name counts which of its ports somebody connects to.
#include <algorithm>

#include "sim/command.h"
#include "tests/integration/hostile_fixture.h"

namespace phase::hostile_test {
namespace {

constexpr std::size_t kBytes = 24 << 20;
constexpr int kNoProvider = 34;
const std::vector<std::string> kKinds = {"pex-nowhere", "pex-flood", "pex-bystander", "pex-again",
                                         "pex-garbage"};

class HostilePex : public HostileTest {
 protected:
  void SetUp() override {
    HostileTest::SetUp();
    version_ = publish("stable", kBytes);
    start_publisher({"stable"});
    bystander_ = add_host();
    must(sim::run_commands(
        {{"nft",
          "add table inet doors; add set inet doors knocked { type inet_service; flags dynamic; "
          "size 65535; }; add chain inet doors in { type filter hook input priority 0; }; add rule "
          "inet doors in tcp flags & (syn|ack) == syn update @knocked { tcp dport }"}},
        bystander_.name));
  }

  Fetched fetch(const std::vector<std::string>& more = {}) {
    auto how = bootstrap_options();
    how.insert(how.end(), more.begin(), more.end());
    return finish(start_fetch(add_host(sim::kProviderLine), "stable", how));
  }

  void start_liars() {
    for (const std::string& kind : kKinds) {
      liars_.push_back(&start_peer(add_host(sim::kProviderLine), kind, "stable", version_, nullptr,
                                   {}, {"--bystander", bystander_.address}));
    }
  }

  /// Ports of the bystander that somebody connected to until now.
  std::ptrdiff_t doors() {
    const std::string listed =
        must(shell().run(bystander_.name, {"nft", "list", "set", "inet", "doors", "knocked"}));
    const auto first = listed.find("elements = {");
    if (first == std::string::npos) return 0;
    return 1 + std::count(listed.begin() + static_cast<std::ptrdiff_t>(first), listed.end(), ',');
  }

  std::uint64_t version_ = 0;
  sim::Host bystander_;
  std::vector<sim::Process*> liars_;
};

TEST_F(HostilePex, OfEachKindCostsLittleAndABystanderHearsLittle) {
  const auto honest = fetch();
  expect_published(honest, "stable", version_);
  start_liars();
  const auto beside = fetch();
  expect_published(beside, "stable", version_);
  const auto doors_beside = doors();
  must(world().stop_publisher());
  const auto alone = fetch({"--provider-timeout", "15", "--timeout", "60"});
  expect_refused(alone, {kNoProvider});
  std::printf("24 MiB: %.1f s, beside five liars %.1f s and %td doors; alone exit %d after %.1f s, "
              "%td doors in all\n",
              honest.seconds, beside.seconds, doors_beside, alone.exit, alone.seconds, doors());
  EXPECT_LE(beside.seconds, 2 * honest.seconds) << beside.text();
  EXPECT_GT(doors(), 0) << "the bystander was named to nobody: " << replay_command();
  // What one address names of another, from each of the two that name this one.
  EXPECT_LE(doors(), 2 * 8) << alone.text();
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    (void)must(liars_[i]->stop(seconds(10)));
    std::printf("%s delivered %llu\n", kKinds[i].c_str(),
                static_cast<unsigned long long>(delivered(*liars_[i], kKinds[i])));
    EXPECT_GT(delivered(*liars_[i], kKinds[i]), 0U) << kKinds[i] << "; " << replay_command();
  }
}

}  // namespace
}  // namespace phase::hostile_test
