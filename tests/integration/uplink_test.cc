// Goal: machines on one link that fetch the same find each other while they fetch, and their line
// carries the release little more than once. Method: real plasmd processes behind a router with a
// slow line, whose bytes are counted; everybody beyond it hears no multicast of theirs.
#include <chrono>
#include <memory>
#include <vector>

#include "node_fixture.h"
#include "sim/command.h"

namespace phase::node::test {
namespace {

using std::chrono::minutes;

constexpr std::size_t kImage = 4 << 20;
constexpr int kClients = 6;
/// One image in four seconds: long beside the second that a name on the link takes.
constexpr sim::Rate kLine{8'000'000};

class Uplink : public Nodes {
 protected:
  void SetUp() override {
    Nodes::SetUp();
    write(kit().node_initramfs, initramfs(kImage));
    (void)publish();
    must(world().start_publisher());
    lan_ = must(world().add_lan("site", kLine));
  }
  [[nodiscard]] std::vector<std::string> by_dht() {
    std::vector<std::string> out;
    for (const std::string& node : world().bootstrap()) out.insert(out.end(), {"--bootstrap", node});
    return out;
  }
  std::unique_ptr<sim::Process> fetch_on(const std::string& name, int number) {
    (void)must(world().network().add_host(lan_, name, number));
    return start(name, by_dht());
  }
  std::unique_ptr<sim::Process> start(const std::string& name, const std::vector<std::string>& how) {
    std::vector<std::string> argv{"plasmd", "fetch", "--trust", kit().public_key, "--out",
                                  folder() + "/" + name};
    argv.insert(argv.end(), how.begin(), how.end());
    return must(shell().start(name, argv));
  }
  /// kClients of them at once: how often the image came through the line.
  double fetch_together(const std::vector<std::string>& how) {
    std::vector<std::string> names;
    for (int i = 0; i < kClients; ++i) {
      names.push_back("client" + std::to_string(i));
      (void)must(world().network().add_host(lan_, names.back(), 10 + i));
    }
    const double before = images();
    std::vector<std::unique_ptr<sim::Process>> fetches;
    for (const std::string& name : names) fetches.push_back(start(name, how));
    for (const auto& fetch : fetches) await(*fetch);
    const double through = images() - before;
    RecordProperty("images", std::to_string(through));
    return through;
  }
  /// How often the image came through the line until now.
  double images() {
    return static_cast<double>(must(sim::Network::uplink_bytes(lan_)).down) /
           static_cast<double>(kImage);
  }
  void await(sim::Process& fetch) {
    const auto ended = must(fetch.wait(minutes(2)));
    EXPECT_TRUE(ended.success()) << fetch.last_lines(30);
  }

  sim::Lan lan_;
};

TEST_F(Uplink, ThoseThatStartTogetherShareWhatComesThroughIt) {
  const double through = fetch_together(by_dht());
  EXPECT_GT(through, 0.9) << "there was nobody else to fetch it from";
  EXPECT_LT(through, kClients / 2.0);
}

// A web server gives everything to everybody who asks: only one of them does, once they know of each
// other. Nothing but HTTP leaves this network; its line is slower, so that the second before they do
// weighs less.
TEST_F(Uplink, OneOfThoseThatAreGivenAWebServerAsksIt) {
  lan_ = must(world().add_lan("slow", {5'000'000}));
  must(sim::run_commands(
      {{"nft", "add table inet closed; add chain inet closed out { type filter hook forward priority "
               "0; }; add rule inet closed out tcp dport 6881 reject with tcp reset"}},
      lan_.router.name));
  const double through = fetch_together(
      {"--bootstrap", "none", "--provider", "http://10.77.2.1:8080"});
  EXPECT_GT(through, 0.9);
  EXPECT_LT(through, 2.5);
}

TEST_F(Uplink, WhoComesWhileANeighbourFetchesTakesItFromThere) {
  const double before = images();
  const auto first = fetch_on("first", 10);
  (void)must(first->wait_for_line("^ *[2-5][0-9] %", minutes(1)));
  const auto second = fetch_on("second", 11);
  (void)must(second->wait_for_line("provider: 10\\.78\\.1\\.10:[0-9]+ \\(LAN, fetches it too\\)",
                                   minutes(1)));
  await(*first);
  await(*second);

  const double through = images() - before;
  RecordProperty("images", std::to_string(through));
  EXPECT_GT(through, 0.9);
  EXPECT_LT(through, 1.6) << second->last_lines(30);
}

}  // namespace
}  // namespace phase::node::test
