// Goal: providers that lie cost an honest fetch little, and never get a byte in. Method: one
// hostile peer (sim/hostile) of each kind announces a release of a channel of its own; `plasmd
// fetch` runs beside each, first with the publisher on the network, then without. Where older
// releases are offered in the newest's place, each of them has a peer of its own.
#include <algorithm>

#include "tests/integration/hostile_fixture.h"

namespace phase::hostile_test {
namespace {

struct Row {
  std::string kind;
  bool older = false;        ///< One peer for each older release, which it offers instead.
  std::string spare;         ///< Served as it is, so that the artifacts are asked for.
  std::vector<int> refusals; ///< Where nobody honest is left: which exit codes tell why.
};

constexpr int kOlder = 3;
constexpr int kTimeout = 5;
constexpr int kAltered = 22;
constexpr int kNoProvider = 34;

const std::vector<Row>& rows() {
  static const std::vector<Row> kRows = {
      {"corrupt", false, "manifest.dsse", {kAltered}},
      {"truncate", false, "manifest.dsse", {kNoProvider, kTimeout}},
      {"lie-length", false, "manifest.dsse", {kNoProvider, kTimeout, kAltered}},
      {"stall", false, "manifest.dsse", {kNoProvider, kTimeout}},
      {"never-end", false, "manifest.dsse", {kNoProvider, kTimeout, kAltered}},
      {"swap", true, "", {kNoProvider, kAltered}},
      {"replay", true, "", {kNoProvider}},
      {"forge-hashes", false, "", {kNoProvider, kAltered}},
      {"mute", false, "", {kNoProvider}},
      {"garbage", false, "", {kNoProvider}},
  };
  return kRows;
}

/// A hostile peer, and what its attacks are counted under.
struct Attacker {
  std::string kind;
  sim::Process* process = nullptr;
  std::uint64_t before = 0;  ///< Delivered while somebody honest was there.
};

class HostilePeer : public HostileTest {
 protected:
  static constexpr std::size_t kBytes = 2 << 20;

  void SetUp() override {
    HostileTest::SetUp();
    std::vector<std::string> channels;
    for (const Row& row : rows()) {
      channels.push_back(row.kind);
      older_.push_back(publish_older(row.kind, kBytes, row.older ? kOlder : 0));
      versions_.push_back(publish(row.kind, kBytes));
    }
    start_publisher(channels);
    for (std::size_t i = 0; i < rows().size(); ++i) {
      attackers_.push_back(attack(i));
      victims_.push_back(add_host());
    }
  }

  std::vector<Attacker> attack(std::size_t i) {
    const auto& [kind, older, spare, refusals] = rows()[i];
    if (!older) {
      auto& peer = start_peer(add_host(sim::kProviderLine), kind, kind, versions_[i], nullptr, spare);
      return {{kind, &peer}};
    }
    std::vector<Attacker> out;
    for (const auto& old : older_[i]) {
      auto& peer = start_peer(add_host(sim::kProviderLine), kind, kind, versions_[i], &old);
      out.push_back({kind + "-" + std::to_string(old.version), &peer});
    }
    return out;
  }

  std::vector<Fetched> fetch_all(const std::vector<std::string>& more) {
    auto arguments = bootstrap_options();
    arguments.insert(arguments.end(), more.begin(), more.end());
    std::vector<Fetching> running;
    for (std::size_t i = 0; i < rows().size(); ++i) {
      running.push_back(start_fetch(victims_[i], rows()[i].kind, arguments));
    }
    std::vector<Fetched> out;
    for (auto& one : running) out.push_back(finish(std::move(one)));
    return out;
  }

  void expect_delivered(Attacker& attacker) {
    (void)must(attacker.process->stop(seconds(10)));
    const auto count = delivered(*attacker.process, attacker.kind);
    std::printf("%-12s delivered %llu, before %llu\n", attacker.kind.c_str(),
                static_cast<unsigned long long>(count),
                static_cast<unsigned long long>(attacker.before));
    EXPECT_GT(count, attacker.before)
        << attacker.kind << " was delivered to nobody: " << replay_command();
  }

  std::vector<std::vector<ReleaseCopy>> older_;
  std::vector<std::uint64_t> versions_;
  std::vector<std::vector<Attacker>> attackers_;
  std::vector<sim::Host> victims_;
};

TEST_F(HostilePeer, OfEachKindLetsTheHonestOneThroughAndIsRefusedAlone) {
  const auto beside_honest = fetch_all({"--timeout", "60"});
  for (std::size_t i = 0; i < rows().size(); ++i) {
    std::printf("%-12s beside the publisher: %.1f s, %llu bytes wasted\n", rows()[i].kind.c_str(),
                beside_honest[i].seconds,
                static_cast<unsigned long long>(beside_honest[i].wasted()));
    expect_published(beside_honest[i], rows()[i].kind, versions_[i]);
  }
  must(world().stop_publisher());
  for (auto& row : attackers_) {
    for (Attacker& one : row) one.before = delivered(*one.process, one.kind);
  }
  const auto alone = fetch_all({"--provider-timeout", "15", "--timeout", "90"});
  for (std::size_t i = 0; i < rows().size(); ++i) {
    std::printf("%-12s alone: exit %d after %.1f s\n", rows()[i].kind.c_str(), alone[i].exit,
                alone[i].seconds);
    expect_refused(alone[i], rows()[i].refusals);
    for (Attacker& one : attackers_[i]) expect_delivered(one);
  }
}

}  // namespace
}  // namespace phase::hostile_test
