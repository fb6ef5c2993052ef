// Goal: whatever ends a sandbox, nothing of it stays. Method: a real one is started, looked at
// from outside, ended, and every process that it had is waited for through its pidfd.
#include "sim/sandbox.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "sim/command.h"
#include "sim/pidfd.h"
#include "sim/process.h"
#include "tests/unit/sim/processes_in.h"

namespace phase::sim {
namespace {

using std::chrono::seconds;

std::string text_of(const char* path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// What the host can see of networks and mounts.
std::string host_view() {
  auto links = run_command({"ip", "-o", "link"});
  auto namespaces = run_command({"ip", "netns", "list"});
  return text_of("/proc/self/mountinfo") + (links ? *links : links.error().detail) +
         (namespaces ? *namespaces : namespaces.error().detail);
}

class SandboxEnds : public testing::TestWithParam<int> {};

TEST_P(SandboxEnds, AndLeavesNoProcessNamespaceOrMount) {
  const std::string before = host_view();
  ProcessOptions options;
  options.argv = {PHASE_SANDBOX_PROBE};
  auto outer = Process::start(options);
  ASSERT_TRUE(outer.ok()) << outer.error().detail;
  auto ready = (*outer)->wait_for_line("^ready ([0-9]+)$", seconds(30));
  ASSERT_TRUE(ready.ok()) << ready.error().detail;
  EXPECT_EQ(host_view(), before) << "the host sees something of the sandbox";

  const std::string first = ready->groups[1];
  const auto inside = processes_in("pid", namespace_of(first, "pid"));
  ASSERT_GE(inside.size(), 3u) << "first process, probe, sleeper";
  std::vector<pollfd> watched;
  std::set<std::string> networks;
  for (const auto& pid : inside) {
    watched.push_back({::pidfd_open(std::stoi(pid), 0), POLLIN, 0});
    ASSERT_GE(watched.back().fd, 0);
    networks.insert(namespace_of(pid, "net"));
  }
  EXPECT_EQ(networks.size(), 2u) << "the sandbox's own and the host's in it";

  (*outer)->signal(GetParam());
  auto status = (*outer)->wait(seconds(30));
  ASSERT_TRUE(status.ok()) << status.error().detail;
  EXPECT_FALSE(status->success());
  for (auto& process : watched) {
    EXPECT_EQ(::poll(&process, 1, 10'000), 1) << "a process of the sandbox outlived it";
    ::close(process.fd);
  }
  for (const auto& network : networks) EXPECT_TRUE(processes_in("net", network).empty());
  EXPECT_EQ(host_view(), before);
}

INSTANTIATE_TEST_SUITE_P(By, SandboxEnds, testing::Values(SIGKILL, SIGINT, SIGTERM),
                         [](const auto& signal) {
                           return std::string("Signal") + std::to_string(signal.param);
                         });

TEST(Sandbox, PassesTheExitStatusOn) {
  ProcessOptions options;
  options.argv = {PHASE_SANDBOX_PROBE, "37"};
  auto outer = Process::start(options);
  ASSERT_TRUE(outer.ok()) << outer.error().detail;
  auto status = (*outer)->wait(seconds(30));
  ASSERT_TRUE(status.ok()) << status.error().detail;
  EXPECT_EQ(status->code, 37) << (*outer)->last_lines(10);
}

}  // namespace
}  // namespace phase::sim
