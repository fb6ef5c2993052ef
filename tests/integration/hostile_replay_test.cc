// Goal: of older releases that HTTP providers show, correctly signed as they are, none is taken
// where a newer one is to be seen or the floor is above them, and none of their files in the
// newest's place. Method: phase-hostile-http has the pointer, .torrent and files of every older
// release (sim/hostile/http_store.h); a `plasmd fetch` for each way to be asked. What peers and DHT
// nodes replay: hostile_peer_test.cc, hostile_dht_test.cc.
#include "tests/integration/hostile_fixture.h"

namespace phase::hostile_test {
namespace {

constexpr int kOlder = 4;
constexpr int kTimeout = 5;
constexpr int kAltered = 22;
constexpr int kNoPointer = 33;
constexpr int kNoProvider = 34;
constexpr const char* kHonest = "http://10.77.2.1:8080";  // The publisher's.

class HostileReplay : public HostileTest {
 protected:
  void SetUp() override {
    HostileTest::SetUp();
    older_ = publish_older("stable", kBytes, kOlder);
    newest_ = publish("stable", kBytes);
    const auto newest = copy_release("stable", newest_);
    start_publisher({"stable"});
    const auto host = add_host();
    base_ = "http://" + host.address + ":8080/";
    std::vector<std::string> argv = {"phase-hostile-http", "--listen",   host.address + ":8080",
                                     "--pointer",          newest.items, "--torrent",
                                     newest.torrent,       "--releases", copied_releases()};
    for (const auto& old : older_) {
      argv.insert(argv.end(), {"--older-pointer", old.items, "--older-torrent", old.torrent});
    }
    replayer_ = &start_hostile(host, std::move(argv));
  }

  /// A fetch that is told of one provider for each older release, the oldest first, and of `more`.
  Fetching start(const std::string& manner, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"--no-dht", "--no-lan",           "--timeout",
                                          "60",       "--provider-timeout", "5"};
    for (int number = 1; number <= kOlder; ++number) {
      arguments.insert(arguments.end(), {"--provider", base_ + manner + std::to_string(number)});
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    return start_fetch(add_host(), "stable", arguments);
  }

  std::vector<std::uint64_t> counts(const std::string& manner) const {
    std::vector<std::uint64_t> out;
    for (int number = 1; number <= kOlder; ++number) {
      out.push_back(delivered(*replayer_, manner + std::to_string(number)));
    }
    return out;
  }

  static constexpr std::size_t kBytes = 1 << 20;
  std::vector<ReleaseCopy> older_;
  std::uint64_t newest_ = 0;
  std::string base_;
  sim::Process* replayer_ = nullptr;
};

TEST_F(HostileReplay, OfEveryOlderReleaseByRelaysIsOutdoneByOneThatHasTheNewest) {
  const auto fetched = finish(start("replay-", {"--provider", kHonest}));
  expect_published(fetched, "stable", newest_);
  (void)must(replayer_->stop(seconds(10)));
  EXPECT_THAT(counts("replay-"), testing::Each(testing::Gt(0U))) << replay_command();
}

// Nobody shows anything newer: what is refused is what the floor refuses; without one, the newest
// that was seen is the answer, in whichever order they came.
TEST_F(HostileReplay, WithNothingNewerGivesTheNewestOfThemAndNothingBelowTheFloor) {
  auto without_floor = start("replay-");
  auto with_floor = start("replay-", {"--min-version", std::to_string(newest_)});
  expect_taken(finish(std::move(without_floor)), older_.back().version, older_.back().folder);
  const auto refused = finish(std::move(with_floor));
  expect_refused(refused, {kNoPointer});
  for (const auto& old : older_) {
    const std::string why = "pointer names version " + std::to_string(old.version) +
                            ", the floor is " + std::to_string(newest_);
    EXPECT_THAT(refused.report.at("refusals").dump(), testing::HasSubstr(why)) << refused.text();
  }
  (void)must(replayer_->stop(seconds(10)));
  EXPECT_THAT(counts("replay-"), testing::Each(testing::Gt(1U))) << replay_command();
}

// The newest pointer is true; the .torrent, or the files under it, are an older release's.
TEST_F(HostileReplay, OfOlderFilesUnderTheNewestPointerIsRefused) {
  const std::vector<std::string> manners = {"mix-", "swap-"};
  std::vector<Fetching> alone, beside;
  for (const auto& manner : manners) {
    alone.push_back(start(manner));
    beside.push_back(start(manner, {"--provider", kHonest}));
  }
  for (std::size_t i = 0; i < manners.size(); ++i) {
    SCOPED_TRACE(manners[i]);
    expect_published(finish(std::move(beside[i])), "stable", newest_);
    const auto fetched = finish(std::move(alone[i]));
    std::printf("%s alone: exit %d after %.1f s\n", manners[i].c_str(), fetched.exit,
                fetched.seconds);
    expect_refused(fetched, {kNoProvider, kAltered, kTimeout});
  }
  (void)must(replayer_->stop(seconds(10)));
  for (const auto& manner : manners) {
    EXPECT_THAT(counts(manner), testing::Each(testing::Gt(0U)))
        << manner << "; " << replay_command();
  }
}

}  // namespace
}  // namespace phase::hostile_test
