#include "boot/machine/child.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>

namespace phase::boot {
namespace {

using ::testing::HasSubstr;

MonoTime soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(30); }

Confinement as_we_are() {
  Confinement out;
  out.uid = geteuid();
  out.gid = getegid();
  return out;
}

struct Output {
  int status = -1;
  std::string text;
};

Output run(const std::string& program, const std::vector<std::string>& arguments,
           const std::vector<std::string>& environment, Confinement confinement) {
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const Fd reading(ends[0]);
  Fd writing(ends[1]);
  confinement.descriptors.emplace_back(writing.get(), 1);
  auto child = spawn(program, arguments, environment, confinement);
  EXPECT_TRUE(child.ok()) << (child.ok() ? "" : child.error().detail);
  if (!child) return {};
  writing.reset();
  Output out;
  char bytes[4096];
  for (ssize_t got; (got = read(reading.get(), bytes, sizeof bytes)) > 0;) {
    out.text.append(bytes, static_cast<std::size_t>(got));
  }
  out.status = wait_until(*child, soon()).value_or(-1);
  return out;
}

TEST(Child, GetsExactlyTheArgumentsAndEnvironmentNamed) {
  setenv("PHASE_LEAKS", "1", 1);
  const auto out = run("/usr/bin/env", {}, {"A=b c", "EMPTY="}, as_we_are());
  EXPECT_EQ(out.status, 0);
  EXPECT_EQ(out.text, "A=b c\nEMPTY=\n");
}

TEST(Child, KeepsOnlyTheDescriptorsNamed) {
  const Fd secret(open("/etc/passwd", O_RDONLY));  // Not close-on-exec.
  ASSERT_TRUE(secret.valid());
  const auto out = run("/bin/sh", {"-c", "ls /proc/self/fd; cat <&7"}, {"PATH=/bin:/usr/bin"}, [&] {
    auto confinement = as_we_are();
    static const Fd given(open("/dev/null", O_RDONLY | O_CLOEXEC));
    confinement.descriptors.emplace_back(given.get(), 7);
    return confinement;
  }());
  // ls itself opens the folder as 3.
  EXPECT_EQ(out.text, "0\n1\n2\n3\n7\n");
  EXPECT_EQ(out.status, 0);
}

TEST(Child, AProgramThatIsNotThereIsAnErrorAndLeavesNoProcess) {
  const auto child = spawn("/nonexistent/program", {}, {}, as_we_are());
  ASSERT_FALSE(child.ok());
  EXPECT_EQ(child.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(child.error().detail, HasSubstr("/nonexistent/program: exec"));
  auto wrong_folder = as_we_are();
  wrong_folder.working_directory = "/nonexistent";
  EXPECT_THAT(spawn("/bin/true", {}, {}, wrong_folder).error().detail, HasSubstr("chdir"));
}

TEST(Child, HasNoNewPrivilegesAndItsLimits) {
  auto confinement = as_we_are();
  confinement.limits = {{RLIMIT_NOFILE, 17}, {RLIMIT_FSIZE, 0}};
  const auto out = run("/bin/sh", {"-c", "grep NoNewPrivs /proc/self/status; ulimit -n"},
                       {"PATH=/bin:/usr/bin"}, confinement);
  EXPECT_EQ(out.text, "NoNewPrivs:\t1\n17\n");
}

TEST(Child, StatusCountsSignalsAsShellsDo) {
  auto killed = spawn("/bin/sh", {"-c", "kill -9 $$"}, {}, as_we_are());
  ASSERT_TRUE(killed.ok());
  EXPECT_EQ(wait_until(*killed, soon()), 137);
  EXPECT_EQ(killed->pid, -1);
  auto failing = spawn("/bin/sh", {"-c", "exit 7"}, {}, as_we_are());
  EXPECT_EQ(wait_until(*failing, soon()), 7);
}

TEST(Child, ADeadlineEndsTheWaitNotTheChild) {
  auto child = spawn("/bin/sleep", {"1000"}, {}, as_we_are());
  ASSERT_TRUE(child.ok());
  EXPECT_FALSE(wait_until(*child, std::chrono::steady_clock::now() + std::chrono::milliseconds(20)));
  const pid_t pid = child->pid;
  kill_and_reap(*child);
  EXPECT_EQ(kill(pid, 0), -1);
}

TEST(Child, AFunctionRunsConfinedAndItsResultIsTheStatus) {
  auto child = fork_child([] { return geteuid() == getuid() ? 42 : 1; }, as_we_are());
  ASSERT_TRUE(child.ok());
  EXPECT_EQ(wait_until(*child, soon()), 42);
}

// Needs root, as PID 1 has it: dropping what one does not have proves nothing. The build user's
// run of this test checks that nothing is left either.
TEST(Child, HoldsTheCapabilitiesNamedAndNoOthers) {
  Confinement confinement = as_we_are();
  std::string expected = "0000000000000000";
  if (geteuid() == 0) {
    confinement.uid = 4711;
    confinement.gid = 4712;
    confinement.capabilities = {CAP_NET_RAW};
    confinement.new_network_namespace = true;
    expected = "0000000000002000";
  }
  const auto out = run("/bin/cat", {"/proc/self/status"}, {}, confinement);
  ASSERT_EQ(out.status, 0);
  for (const std::string set : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) {
    EXPECT_THAT(out.text, HasSubstr(set + ":\t" + expected + "\n"));
  }
  if (geteuid() != 0) return;
  EXPECT_THAT(out.text, HasSubstr("CapBnd:\t" + expected + "\n"));
  EXPECT_THAT(out.text, HasSubstr("Uid:\t4711\t4711\t4711\t4711\n"));
  EXPECT_THAT(out.text, HasSubstr("Gid:\t4712\t4712\t4712\t4712\n"));
  EXPECT_THAT(out.text, HasSubstr("Groups:\t \n"));
  const auto links = run("/bin/cat", {"/proc/net/dev"}, {}, confinement);
  EXPECT_EQ(std::count(links.text.begin(), links.text.end(), '\n'), 3) << links.text;
}

}  // namespace
}  // namespace phase::boot
