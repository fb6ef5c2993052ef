// Goal: nodes on one link need nobody else: a follower without a DHT finds, fetches and follows by
// DNS-SD; and a cache answers when nobody does, or nothing. Method: real plasmd processes, one host
// each, that are told of no bootstrap node.
#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "node_fixture.h"
#include "proto/hash.h"

namespace phase::node::test {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;

class OnTheLink : public Nodes {
 protected:
  /// Serves the publisher's store and has told the link.
  std::unique_ptr<sim::Process> serve_to_the_link() {
    auto node = must(shell().start("publisher", {"plasmd", "serve", "-a", world().publisher_store(),
                                                 "--bootstrap", "none"}));
    must(node->wait_for_line("^registered on the link as=", minutes(1)));
    return node;
  }
  nlohmann::json fetch_locally(const std::vector<std::string>& more = {}) {
    std::vector<std::string> argv{"sh", "-c", "exec \"$0\" \"$@\" 2>/dev/null",
                                  sim::own_folder() + "/plasmd", "fetch", "--trust",
                                  kit().public_key, "--mode", "local", "--json", "--out",
                                  folder() + "/local" + std::to_string(++fetches_)};
    argv.insert(argv.end(), more.begin(), more.end());
    const Ended ended = run("router", argv);
    auto json = nlohmann::json::parse(ended.output, nullptr, false);
    EXPECT_FALSE(json.is_discarded()) << ended.output;
    json["exit"] = ended.code;
    return json;
  }
  [[nodiscard]] std::string cache() const { return folder() + "/cache"; }
  void make_cache() {
    std::filesystem::create_directories(cache());
    ASSERT_EQ(run("router", {sim::own_folder() + "/plasmd", "cache", "init", cache()}).code, 0);
  }

 private:
  int fetches_ = 0;
};

TEST_F(OnTheLink, AFollowerWithoutADhtFetchesAndMovesOn) {
  const std::uint64_t first = publish();
  const auto publisher = serve_to_the_link();
  auto* follower = must(world().start_provider({"plasmd", "serve", "-a", folder() + "/follower",
                                                "--mode", "local", "--follow", follow()}));
  must(follower->wait_for_line("^serving .*version=" + std::to_string(first), minutes(1)));

  const std::uint64_t second = publish();
  must(follower->wait_for_line("^serving .*version=" + std::to_string(second), minutes(1)));

  const auto lan = status("provider1")["lan"];
  EXPECT_THAT(lan["as"].get<std::string>(), StartsWith("Phase Boot "));
  ASSERT_EQ(lan["nodes"].size(), 1u) << lan.dump(2);
  EXPECT_THAT(lan["nodes"][0]["addresses"].dump(), HasSubstr("10.77.2.1"));
}

TEST_F(OnTheLink, DiscoverShowsWhoIsThereAndAFetchNamesWhatItCameFrom) {
  const std::uint64_t version = publish();
  const auto publisher = serve_to_the_link();

  const Ended seen = run("router", {sim::own_folder() + "/plasmd", "discover", "--trust",
                                    kit().public_key, "--bootstrap", "none", "--seconds", "3"});
  EXPECT_THAT(seen.output, HasSubstr("says that it has stable/x86_64 version " +
                                     std::to_string(version)));

  const auto report = fetch_locally();
  ASSERT_EQ(report["exit"], 0) << report.dump(2);
  EXPECT_EQ(report["version"], version);
  EXPECT_EQ(report["path"], "http://10.77.2.1:8080");
  std::uint64_t bytes = 0;
  for (const auto& source : report["sources"]) {
    const std::string how = source["how"];
    EXPECT_TRUE(how == "lan" || how == "http") << report.dump(2);
    bytes += source["bytes"].get<std::uint64_t>();
  }
  EXPECT_GE(bytes, kReleaseBytes);
}

TEST_F(OnTheLink, ACacheAnswersWhenNobodyDoesAndADamagedOneDoesNot) {
  const std::uint64_t version = publish();
  make_cache();
  {
    const auto publisher = serve_to_the_link();
    ASSERT_EQ(fetch_locally({"--cache", cache()})["exit"], 0);
    // The pointer names what the cache holds: nothing has to come.
    const auto again = fetch_locally({"--cache", cache()});
    ASSERT_EQ(again["exit"], 0) << again.dump(2);
    EXPECT_THAT(again["path"].get<std::string>(), HasSubstr("bytes from the cache"));
    EXPECT_GE(again["from_cache"].get<std::uint64_t>(), kReleaseBytes);
  }

  const auto alone = fetch_locally({"--cache", cache()});
  ASSERT_EQ(alone["exit"], 0) << alone.dump(2);
  EXPECT_EQ(alone["version"], version);
  EXPECT_THAT(alone["path"].get<std::string>(), StartsWith("cache: "));

  for (const auto& blob : std::filesystem::directory_iterator(cache() + "/blobs")) {
    std::fstream file(blob.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(1000);
    const char byte = static_cast<char>(file.get());
    file.seekp(1000);
    file.put(static_cast<char>(byte ^ 0x20));
  }
  const auto damaged = fetch_locally({"--cache", cache(), "--timeout", "8"});
  EXPECT_NE(damaged["exit"], 0) << damaged.dump(2);
  EXPECT_THAT(damaged["refusals"].dump(), HasSubstr("cache: "));
}

}  // namespace
}  // namespace phase::node::test
