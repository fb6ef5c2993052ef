// Goal: a release outlives its publisher and any one of its providers, and what was fetched
// already is never fetched again. Method: real plasmd processes, one host each, in one private
// DHT; they are killed with SIGKILL.
#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "node_fixture.h"

namespace phase::node::test {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

/// The JSON that ends what a verb printed.
nlohmann::json report_of(const sim::Process& ended) {
  std::string said;
  for (const std::string& line : ended.lines_matching("")) said += line + "\n";
  const auto begin = said.find("{\n");
  return nlohmann::json::parse(begin == std::string::npos ? said : said.substr(begin));
}

TEST_F(Nodes, EightKeepAReleaseAliveWithoutItsPublisher) {
  const std::uint64_t version = publish();
  must(world().start_publisher());
  for (int i = 0; i < 7; ++i) must(world().start_follower(kit().public_key));
  must(world().await_followers(version));

  world().publisher()->signal(SIGKILL);
  must(world().publisher()->wait(minutes(1)));
  const auto report = fetch();

  ASSERT_EQ(report["exit"], 0) << report.dump(2);
  EXPECT_EQ(report["version"], version);
  std::uint64_t bytes = 0;
  std::size_t sources = 0;
  for (const auto& source : report["sources"]) {
    const std::uint64_t from_it = source["bytes"];
    bytes += from_it;
    if (from_it == 0) continue;
    ++sources;
    EXPECT_EQ(source["how"], "dht") << report.dump(2);
    EXPECT_THAT(source["peer"].get<std::string>(), testing::StartsWith("10.77.3."));
  }
  EXPECT_GE(bytes, kReleaseBytes);
  EXPECT_GE(sources, 2u) << "fetched from one provider only: " << report.dump(2);
}

TEST_F(Nodes, ACrowdTakesFromItsOwnWhatOneProviderWouldHaveToSendToEach) {
  // The last one is private: it tells nobody what it has, and sends nothing.
  constexpr std::size_t kClients = 5, kPrivate = 4;
  publish();
  auto publisher = must(shell().start(
      "publisher", with_bootstrap({"plasmd", "serve", "-a", world().publisher_store(),
                                   "--upload-limit", "4M"})));
  must(publisher->wait_for_line("^pointer stored .* nodes=[1-9]", minutes(1)));

  std::vector<std::unique_ptr<sim::Process>> crowd;
  for (std::size_t i = 0; i < kClients; ++i) {
    const std::string name = "client" + std::to_string(i);
    must(world().network().add_host(name, "10.77.8." + std::to_string(i + 1)));
    crowd.push_back(must(shell().start(
        name, with_bootstrap({"plasmd", "fetch", "--trust", kit().public_key, "--json", "--out",
                              folder() + "/" + name, "--timeout", "100", "--mode",
                              i == kPrivate ? "private" : "internet"}))));
  }
  std::uint64_t from_publisher = 0, from_crowd = 0;
  for (const auto& client : crowd) {
    ASSERT_TRUE(must(client->wait(minutes(2))).success()) << client->last_lines(40);
    const auto report = report_of(*client);
    for (const auto& source : report["sources"]) {
      const bool publisher_sent = source["peer"] == "10.77.2.1:6881";
      (publisher_sent ? from_publisher : from_crowd) += source["bytes"].get<std::uint64_t>();
    }
  }
  std::printf("%zu clients: %.2f releases from the provider, %.2f from each other\n", kClients,
              static_cast<double>(from_publisher) / kReleaseBytes,
              static_cast<double>(from_crowd) / kReleaseBytes);
  EXPECT_LT(from_publisher, kClients * kReleaseBytes * 3 / 4) << "each fetched for itself";
  EXPECT_GT(from_crowd, kReleaseBytes);
}

TEST_F(Nodes, AFollowerKilledMidFetchResumesWhereItWas) {
  const std::uint64_t version = publish();
  // 3 MiB a second: the fetch takes eight seconds, and is stopped in the middle of them.
  auto publisher = must(shell().start(
      "publisher", with_bootstrap({"plasmd", "serve", "-a", world().publisher_store(),
                                   "--upload-limit", "3M"})));
  must(publisher->wait_for_line("^pointer stored .* nodes=[1-9]", minutes(1)));
  const std::string store = folder() + "/follower";
  const auto command = with_bootstrap({"plasmd", "serve", "-a", store, "--follow", follow()});
  auto* first = must(world().start_provider(command));
  must(first->wait_for_line("listening admin", minutes(1)));
  const auto done = [&] {
    const auto following = status("provider1")["following"].at(0);
    return following.value("stage", "") == "artifacts" ? following.value("done", std::uint64_t{0}) : 0;
  };
  const auto deadline = std::chrono::steady_clock::now() + minutes(1);
  std::uint64_t before = 0;
  while ((before = done()) < kReleaseBytes / 3) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << first->last_lines(20);
  }
  ASSERT_LT(before, kReleaseBytes) << "the fetch was over before it could be stopped";
  first->signal(SIGKILL);
  must(first->wait(seconds(30)));

  const std::uint64_t received_until_kill = received_bytes("provider1");
  sim::ProcessOptions options;
  options.netns = "provider1";
  options.argv = command;
  options.argv.front() = sim::own_folder() + "/plasmd";
  auto again = must(sim::Process::start(std::move(options)));
  must(again->wait_for_line("^serving .*version=" + std::to_string(version), minutes(2)));

  const std::uint64_t received_again = received_bytes("provider1") - received_until_kill;
  // TCP and IP headers cost a few percent; what was checked already must not come once more.
  EXPECT_LT(received_again, (kReleaseBytes - before) * 12 / 10 + (2U << 20))
      << before << " bytes were there already";
  const Ended verified = run("provider1", {"plasmd", "verify", "--trust", kit().public_key,
                                           store + "/releases/" + must(real_files().list(store + "/releases")).front()});
  EXPECT_EQ(verified.code, 0) << verified.output;
}

TEST_F(Nodes, ANewReleaseReachesFollowersWhileTheyServe) {
  ASSERT_EQ(publish(), 1u);
  must(world().start_publisher());
  auto* follower = must(world().start_provider(
      with_bootstrap({"plasmd", "serve", "-a", folder() + "/follower", "--follow", follow(),
                      "--follow-interval", "1"})));
  must(follower->wait_for_line("^serving .*version=1 ", minutes(2)));

  // The running publisher notices what another process puts into its store.
  write(kit().kernel.vmlinuz, x86_kernel(60U << 20));
  ASSERT_EQ(publish(), 2u);
  must(world().publisher()->wait_for_line("^serving .*version=2 ", minutes(1)));
  must(follower->wait_for_line("^serving .*version=2 ", minutes(2)));

  const auto report = fetch({"--min-version", "2"});
  EXPECT_EQ(report["version"], 2) << report.dump(2);
}

TEST_F(Nodes, AProviderGivenByUrlNeedsNoDht) {
  const std::uint64_t version = publish();
  must(world().start_publisher());

  const Ended ended = run("router", {"plasmd", "fetch", "--no-dht", "--provider",
                                     "http://10.77.2.1:8080", "--trust", kit().public_key, "--out",
                                     folder() + "/out", "--timeout", "60"});

  ASSERT_EQ(ended.code, 0) << ended.output;
  EXPECT_THAT(ended.output, testing::HasSubstr("fetched channel=stable arch=x86_64 version=" +
                                               std::to_string(version)));
}

TEST_F(Nodes, EveryProviderNamesTheOthersOverHttp) {
  publish();
  must(world().start_publisher());
  must(world().start_follower(kit().public_key));
  must(world().await_followers(1));

  const nlohmann::json release = status("publisher")["releases"].at(0);
  const std::string infohash = release.at("infohash_v1");
  const auto named_by = [&](const std::string& host, const std::string& address) {
    return run(host, {"curl", "-sS", "http://" + address + ":8080/peers/" + infohash}).output;
  };
  const auto deadline = std::chrono::steady_clock::now() + minutes(1);
  const std::string follower = world().provider_address(0);
  std::string by_publisher, by_follower;
  while (by_publisher.find(follower + ":6881") == std::string::npos ||
         by_follower.find("10.77.2.1:6881") == std::string::npos) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline)
        << "the publisher named " << by_publisher << "\nthe follower named " << by_follower;
    by_publisher = named_by("router", "10.77.2.1");
    by_follower = named_by("router", follower);
  }
  EXPECT_THAT(by_publisher, testing::StartsWith("10.77.2.1:6881\n")) << "itself first";
}

// What a reader of the store sees after SIGKILL at any time is the old release or the new one.
TEST_F(Nodes, PublishKilledAtAnyTimeLeavesTheOldOrTheNewRelease) {
  ASSERT_EQ(publish(), 1u);
  std::uint64_t old_version = 1;
  int killed = 0;
  for (int round = 0; round < 12; ++round) {
    write(kit().kernel.vmlinuz, x86_kernel((50U + static_cast<std::uint32_t>(round)) << 20));
    sim::ProcessOptions options;
    options.argv = {sim::own_folder() + "/plasmd", "publish", "-a", world().publisher_store(),
                    "--secret-key", kit().secret_key, "--channel", "stable", "--arch", "x86_64",
                    "--kernel", kit().kernel.vmlinuz, "--initramfs", kit().node_initramfs};
    auto publishing = must(sim::Process::start(std::move(options)));
    const auto ended = publishing->wait(std::chrono::milliseconds(round * 15));
    if (!ended) {
      publishing->signal(SIGKILL);
      must(publishing->wait(seconds(30)));
      ++killed;
    }
    const Ended listed = run("publisher", {"plasmd", "list", "-a", world().publisher_store(), "--json"});
    const auto json = nlohmann::json::parse(listed.output);
    ASSERT_TRUE(json["left_out"].empty()) << listed.output;
    std::uint64_t current = 0;
    std::string release_folder;
    for (const auto& release : json["releases"]) {
      if (!release["current"]) continue;
      current = release["version"];
      release_folder = release["folder"];
    }
    ASSERT_TRUE(current == old_version || current == old_version + 1) << listed.output;
    old_version = current;
    const Ended verified = run("publisher", {"plasmd", "verify", "--trust", kit().public_key, release_folder});
    ASSERT_EQ(verified.code, 0) << verified.output;
  }
  EXPECT_GT(killed, 0) << "every publish was done before it could be killed";
}

}  // namespace
}  // namespace phase::node::test
