// Goal: an HTTP provider that lies in every header costs no more than a place in the queue.
// Method: `plasmd fetch` is given one URL for each lie of phase-hostile-http: beside an honest
// provider, then alone; as relays of the pointer, then as web seeds of a release that is real.
#include <map>
#include <sstream>
#include <vector>

#include "tests/integration/hostile_fixture.h"

namespace phase::hostile_test {
namespace {

constexpr int kMalformed = 10;
constexpr int kNoPointer = 33;
constexpr int kNoProvider = 34;
constexpr int kProvider = 35;
constexpr int kNetwork = 36;
constexpr int kAltered = 22;
constexpr int kTimeout = 5;
constexpr const char* kHonest = "http://10.77.2.1:8080";  // The publisher's.

class HostileHttp : public HostileTest {
 protected:
  void SetUp() override {
    HostileTest::SetUp();
    version_ = publish("stable", 4 << 20);
    start_publisher({"stable"});
    std::istringstream names(must(shell().run("router", {"phase-hostile-http", "--list"})));
    for (std::string name; std::getline(names, name);) lies_.push_back(name);
    const auto host = add_host();
    base_ = "http://" + host.address + ":8080/";
    liar_ = &start_hostile(host, {"phase-hostile-http", "--listen", host.address + ":8080",
                                  "--pointer", copy_items("stable"), "--torrent",
                                  torrent_file("stable", version_), "--releases",
                                  world().publisher_store() + "/releases"});
  }

  /// A fetch that is told of a liar for each lie, and of `honest` last.
  Fetching start(const std::string& prefix, const std::string& honest) {
    std::vector<std::string> arguments = {"--no-dht", "--no-lan", "--timeout", "150",
                                          "--provider-timeout", "30"};
    for (const auto& name : lies_) {
      // What says that it is compressed and is not holds the true bytes: no lie to refuse.
      if (honest.empty() && name == "encoding-gzip") continue;
      arguments.insert(arguments.end(), {"--provider", base_ + prefix + name});
    }
    if (!honest.empty()) arguments.insert(arguments.end(), {"--provider", honest});
    return start_fetch(add_host(), "stable", arguments);
  }

  void expect_all_delivered() {
    (void)must(liar_->stop(seconds(10)));
    for (const auto& name : lies_) {
      EXPECT_GT(delivered(*liar_, name), 0U)
          << name << " was delivered to nobody; " << replay_command();
    }
  }

  std::uint64_t version_ = 0;
  std::vector<std::string> lies_;
  std::string base_;
  sim::Process* liar_ = nullptr;
};

TEST_F(HostileHttp, RelaysThatLieInEveryHeaderCountForNothing) {
  ASSERT_GE(lies_.size(), 20U);
  auto beside = start("", kHonest);
  auto alone = start("", "");
  const auto first = finish(std::move(beside));
  const auto second = finish(std::move(alone));
  std::printf("relays: %.1f s beside an honest one; alone exit %d after %.1f s\n", first.seconds,
              second.exit, second.seconds);
  expect_published(first, "stable", version_);
  expect_refused(second, {kMalformed, kNoPointer, kProvider, kNetwork});
  expect_all_delivered();
}

// Each lie has a fetch of its own, for one that is fast would leave the others unheard.
TEST_F(HostileHttp, WebSeedsThatLieInEveryHeaderCountForNothing) {
  auto beside = start("seed-", kHonest);
  std::map<std::string, Fetching> alone;
  for (const auto& name : lies_) {
    alone.emplace(name, start_fetch(add_host(), "stable",
                                    {"--no-dht", "--no-lan", "--timeout", "60",
                                     "--provider-timeout", "10", "--provider",
                                     base_ + "seed-" + name}));
  }
  expect_published(finish(std::move(beside), seconds(60)), "stable", version_);
  for (auto& [name, fetching] : alone) {
    SCOPED_TRACE(name);
    const auto fetched = finish(std::move(fetching), seconds(90));
    // Some lies leave the bytes as they are, so that such a fetch may succeed; never with others.
    if (fetched.exit == 0) expect_published(fetched, "stable", version_);
    else expect_refused(fetched, {kNoProvider, kAltered, kTimeout});
  }
  expect_all_delivered();
}

}  // namespace
}  // namespace phase::hostile_test
