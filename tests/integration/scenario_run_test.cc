// Goal: phase-sim says what it saw, in its exit status too, and leaves nothing behind however it
// ends; the same seed makes the same choices again. Method: the real program on small scenarios,
// looked at from outside; every process that it had is waited for through its pidfd.
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "sim/command.h"
#include "sim/must.h"
#include "sim/pidfd.h"
#include "sim/process.h"
#include "sim/shell.h"
#include "tests/unit/sim/processes_in.h"

namespace phase::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
namespace fs = std::filesystem;

constexpr const char* kHosts = R"(
title = "A small network"
time_limit = "3 min"

[release]
image = "1 MiB"

[[host]]
name = "pub"
role = "publisher"

[[host]]
name = "prov"
role = "provider"
count = 3

[[host]]
name = "node"
role = "dht-node"
count = 5
delay = "1 ms"

[[host]]
name = "m"
role = "machine"
)";

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// What the host can see of networks and mounts.
std::string host_view() {
  return text_of("/proc/self/mountinfo") + must(run_command({"ip", "-o", "link"})) +
         must(run_command({"ip", "netns", "list"}));
}

class ScenarioRun : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "phase-sim-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string scenario(const std::string& rest) const {
    std::ofstream(folder_ + "/small.toml") << kHosts << rest;
    return folder_ + "/small.toml";
  }
  [[nodiscard]] static std::unique_ptr<Process> start(std::vector<std::string> argv) {
    argv.insert(argv.begin(), own_folder() + "/phase-sim");
    ProcessOptions options;
    options.argv = std::move(argv);
    return must(Process::start(std::move(options)));
  }
  [[nodiscard]] nlohmann::json record(const std::string& report) const {
    return nlohmann::json::parse(text_of(folder_ + "/" + report + "/run.json"));
  }
  std::string folder_;
};

TEST_F(ScenarioRun, TellsWhatHeldAndWhatDidNot) {
  const auto file = scenario(R"(
[[step]]
do = "start"
who = "m"
[[expect]]
what = "boots"
[[expect]]
what = "nothing-unsigned"
)");
  auto held = start({"run", file, "--report", folder_ + "/good"});
  const auto good = must(held->wait(minutes(4)));
  EXPECT_EQ(good.code, 0) << held->last_lines(60);
  const auto run = record("good");
  ASSERT_EQ(run.at("boots").size(), 1u);
  EXPECT_GT(run.at("boots")[0].at("booted").get<std::int64_t>(), 0);
  EXPECT_GE(run.at("boots")[0].at("serving").get<std::int64_t>(),
            run.at("boots")[0].at("booted").get<std::int64_t>());
  EXPECT_TRUE(run.at("boots")[0].at("intact").get<bool>());
  std::uint64_t sent = 0;
  for (const auto& source : run.at("boots")[0].at("sources")) {
    EXPECT_TRUE(source.at("host").get<std::string>().starts_with("p")) << source;
    sent += source.at("bytes").get<std::uint64_t>();
  }
  EXPECT_GE(sent, 1u << 20);
  EXPECT_FALSE(text_of(folder_ + "/good/index.html").empty());

  std::ofstream(file, std::ios::app) << "[[expect]]\nwhat = \"boot-time\"\nwithin = \"1 ms\"\n";
  auto missed = start({"run", file, "--report", folder_ + "/bad"});
  EXPECT_EQ(must(missed->wait(minutes(4))).code, 100) << missed->last_lines(60);
  EXPECT_TRUE(fs::exists(folder_ + "/bad/logs/m.log"));

  auto wrong = start({"run", folder_ + "/nothing.toml", "--report", folder_ + "/none"});
  const auto status = must(wrong->wait(seconds(30)));
  EXPECT_TRUE(status.code != 0 && status.code != 100) << status.text();
}

TEST_F(ScenarioRun, MakesTheSameChoicesAgain) {
  const auto file = scenario(R"(
[[step]]
do = "kill"
who = ["prov*", "node*"]
pick = 2
[[step]]
do = "start"
who = "m"
[[expect]]
what = "boots"
)");
  auto first = start({"run", file, "--report", folder_ + "/first"});
  (void)must(first->wait(minutes(4)));
  auto again = start({"replay", folder_ + "/first", "--report", folder_ + "/again"});
  (void)must(again->wait(minutes(4)));
  const auto one = record("first"), other = record("again");
  EXPECT_EQ(one.at("rng_seed"), other.at("rng_seed"));
  ASSERT_EQ(one.at("actions").size(), 2u) << first->last_lines(40);
  ASSERT_EQ(other.at("actions").size(), 2u) << again->last_lines(40);
  EXPECT_EQ(one.at("actions")[0].at("targets").size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(one.at("actions")[i].at("targets"), other.at("actions")[i].at("targets"));
  }
}

class ScenarioEnds : public ScenarioRun, public testing::WithParamInterface<int> {};

TEST_P(ScenarioEnds, AndLeavesNoProcessNamespaceOrMount) {
  const auto file = scenario(R"(
[[step]]
do = "start"
who = "m"
[[step]]
at = "2 min"
do = "kill"
who = "m"
[[expect]]
what = "boots"
)");
  const std::string before = host_view();
  auto outer = start({"run", file, "--report", folder_ + "/report"});
  (void)must(outer->wait_for_line("s  start 1 m", minutes(2)));
  EXPECT_EQ(host_view(), before) << "the host sees something of the run";

  const std::string pid = std::to_string(outer->pid());
  std::istringstream children(text_of("/proc/" + pid + "/task/" + pid + "/children"));
  std::string first;
  children >> first;
  const auto inside = processes_in("pid", namespace_of(first, "pid"));
  ASSERT_GE(inside.size(), 11u) << "two of the sandbox, nine hosts at least";
  std::vector<pollfd> watched;
  for (const auto& one : inside) {
    const int fd = ::pidfd_open(std::stoi(one), 0);
    if (fd >= 0) watched.push_back({fd, POLLIN, 0});
  }

  outer->signal(GetParam());
  const auto status = must(outer->wait(seconds(60)));
  EXPECT_FALSE(status.success());
  for (auto& process : watched) {
    EXPECT_EQ(::poll(&process, 1, 10'000), 1) << "a process of the run outlived it";
    ::close(process.fd);
  }
  EXPECT_EQ(host_view(), before);
  if (GetParam() == SIGKILL) return;
  EXPECT_EQ(status.code, exit_code(ErrorCode::kCancelled)) << outer->last_lines(20);
  EXPECT_TRUE(record("report").at("interrupted").get<bool>());
  EXPECT_FALSE(text_of(folder_ + "/report/index.html").empty());
}

INSTANTIATE_TEST_SUITE_P(By, ScenarioEnds, testing::Values(SIGKILL, SIGINT, SIGTERM),
                         [](const auto& signal) { return std::string("Signal") + std::to_string(signal.param); });

}  // namespace
}  // namespace phase::sim
