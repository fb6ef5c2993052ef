// Goal: providers that lie cost an honest fetch little, and never get a byte in. Method: one
// hostile peer (sim/hostile) of each kind announces a release of a channel of its own; `plasmd
// fetch` runs beside each, first with the publisher on the network, then without.
#include <algorithm>

#include "tests/integration/hostile_fixture.h"

namespace phase::hostile_test {
namespace {

struct Row {
  std::string kind;
  bool other = false;        ///< It offers the release before.
  std::string spare;         ///< Served as it is, so that the artifacts are asked for.
  std::vector<int> refusals; ///< Where nobody honest is left: which exit codes tell why.
};

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

class HostilePeer : public HostileTest {
 protected:
  static constexpr std::size_t kBytes = 2 << 20;

  void SetUp() override {
    HostileTest::SetUp();
    for (const Row& row : rows()) {
      if (row.other) (void)publish(row.kind, kBytes);
      versions_.push_back(publish(row.kind, kBytes));
    }
    std::vector<std::string> channels;
    for (const Row& row : rows()) channels.push_back(row.kind);
    start_publisher(channels);
    for (std::size_t i = 0; i < rows().size(); ++i) {
      const Row& row = rows()[i];
      const auto other = row.other ? std::optional<std::uint64_t>(versions_[i] - 1) : std::nullopt;
      peers_.push_back(&start_peer(add_host(sim::kProviderLine), row.kind, row.kind, versions_[i], other, row.spare));
      victims_.push_back(add_host());
    }
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

  std::vector<std::uint64_t> versions_;
  std::vector<sim::Process*> peers_;
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
  std::vector<std::uint64_t> before;
  for (std::size_t i = 0; i < rows().size(); ++i) {
    before.push_back(delivered(*peers_[i], rows()[i].kind));
  }
  const auto alone = fetch_all({"--provider-timeout", "15", "--timeout", "90"});
  for (std::size_t i = 0; i < rows().size(); ++i) {
    const Row& row = rows()[i];
    (void)must(peers_[i]->stop(seconds(10)));
    const auto count = delivered(*peers_[i], row.kind);
    std::printf("%-12s alone: exit %d after %.1f s, delivered %llu, before %llu\n",
                row.kind.c_str(), alone[i].exit, alone[i].seconds,
                static_cast<unsigned long long>(count), static_cast<unsigned long long>(before[i]));
    expect_refused(alone[i], row.refusals);
    EXPECT_GT(count, before[i]) << row.kind << " was delivered to nobody: " << replay_command();
  }
}

}  // namespace
}  // namespace phase::hostile_test
