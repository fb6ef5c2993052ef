// Goal: a fetch goes on from what it has, whatever is taken from it on the way: a provider, the
// link, its address, its own process. Method: `plasmd fetch` on a host of its own, and providers
// slow enough that it is disturbed in the middle; what its report and the kernel count must not
// grow by what was there already.
#include <gmock/gmock.h>

#include <csignal>
#include <fstream>

#include "node_fixture.h"
#include "sim/command.h"

namespace phase::node::test {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class Resume : public Nodes {
 protected:
  void SetUp() override {
    Nodes::SetUp();
    version_ = publish();
    publisher_ = must(shell().start(
        "publisher", with_bootstrap({"plasmd", "serve", "-a", world().publisher_store(),
                                     "--upload-limit", "4M"})));
    must(publisher_->wait_for_line("^pointer stored .* nodes=[1-9]", minutes(1)));
    client_ = must(world().network().add_host("client", "10.77.4.1"));
  }
  /// Its report goes to a file, its progress is watched.
  void start_fetch() {
    sim::ProcessOptions options;
    options.netns = client_.name;
    options.argv = with_bootstrap({"sh", "-c", "exec \"$0\" \"$@\" >" + report_file(),
                                   sim::own_folder() + "/plasmd", "fetch", "--trust",
                                   kit().public_key, "--out", folder() + "/out", "--json",
                                   "--timeout", "100"});
    fetch_ = must(sim::Process::start(std::move(options)));
  }
  /// A quarter is there, and not much more.
  void await_the_middle() { must(fetch_->wait_for_line("^ *(2[5-9]|[3-6][0-9]) %", minutes(1))); }
  void expect_done() {
    const auto ended = must(fetch_->wait(minutes(2)));
    ASSERT_TRUE(ended.success()) << ended.text() << "\n" << fetch_->last_lines(30);
    EXPECT_EQ(report()["version"], version_);
    const Ended verified = run("client", {"plasmd", "verify", "--trust", kit().public_key,
                                          report()["folder"].get<std::string>()});
    EXPECT_EQ(verified.code, 0) << verified.output;
  }
  nlohmann::json report() const { return nlohmann::json::parse(std::ifstream(report_file())); }
  std::uint64_t received() const {
    std::uint64_t sum = 0;
    for (const auto& source : report()["sources"]) sum += source["bytes"].get<std::uint64_t>();
    return sum;
  }
  [[nodiscard]] std::string report_file() const { return folder() + "/report.json"; }

  /// Blocks that were on their way when the connection was cut come again.
  static constexpr std::uint64_t kOnTheWay = 2 << 20;
  std::uint64_t version_ = 0;
  std::unique_ptr<sim::Process> publisher_, fetch_;
  sim::Host client_;
};

TEST_F(Resume, AnotherProviderGoesOnWhereOneDied) {
  auto* other = must(world().start_provider(with_bootstrap(
      {"plasmd", "serve", "-a", folder() + "/other", "--follow", follow(), "--upload-limit", "4M"})));
  must(other->wait_for_line("^announced ", minutes(2)));

  start_fetch();
  await_the_middle();
  publisher_->signal(SIGKILL);

  expect_done();
  EXPECT_LE(received(), kReleaseBytes + kOnTheWay);
}

TEST_F(Resume, ALinkThatWasDownForAWhileCostsNothing) {
  start_fetch();
  await_the_middle();
  must(world().network().set_plugged(client_, false));
  must(fetch_->wait_for_line("%.* 0\\.0 MiB/s", minutes(1)));
  must(world().network().set_plugged(client_, true));

  expect_done();
  EXPECT_LE(received(), kReleaseBytes + kOnTheWay);
}

TEST_F(Resume, AnotherAddressOfTheClientIsGoneOnFrom) {
  start_fetch();
  await_the_middle();
  must(sim::run_commands({{"ip", "address", "del", client_.address + "/16", "dev", "eth0"},
                          {"ip", "address", "add", "10.77.4.2/16", "dev", "eth0"}},
                         client_.name));

  expect_done();
  EXPECT_LE(received(), kReleaseBytes + kOnTheWay);
}

TEST_F(Resume, AKilledFetchGoesOnFromItsCheckedPieces) {
  start_fetch();
  await_the_middle();
  fetch_->signal(SIGKILL);
  must(fetch_->wait(seconds(30)));
  const std::uint64_t before = received_bytes(client_.name);
  ASSERT_GE(before, kReleaseBytes / 4);

  start_fetch();
  expect_done();

  EXPECT_LE(received(), kReleaseBytes * 3 / 4 + kOnTheWay);
  EXPECT_LE(received_bytes(client_.name) - before, kReleaseBytes * 3 / 4 * 11 / 10 + kOnTheWay);
}

}  // namespace
}  // namespace phase::node::test
