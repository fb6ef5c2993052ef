// Goal: whatever a child does, its owner goes on in time with at most a few bytes of it.
// Method: real children that answer, babble, die, and hold still.
#include "boot/machine/answering_child.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "tests/unit/proto/support.h"

namespace phase::boot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Confinement as_ourselves() {
  Confinement confinement;
  confinement.uid = ::geteuid();
  confinement.gid = ::getegid();
  return confinement;
}

Result<std::string> ask(const std::function<std::string()>& work, std::size_t cap = 10,
                        milliseconds time = seconds(20)) {
  return ask_child(work, as_ourselves(), cap, system_clock().now() + time, system_clock());
}

TEST(AnsweringChild, Answers) {
  const auto answer = ask([] { return std::string("yes"); });
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(*answer, "yes");
  EXPECT_EQ(*ask([] { return std::string(); }), "");
}

TEST(AnsweringChild, IsHeardOutButNotRemembered) {
  // More than a pipe holds, so that a child that nobody reads would wait for ever.
  const auto answer = ask([] { return std::string(300'000, 'x'); });
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(*answer, std::string(10, 'x'));
}

TEST(AnsweringChild, ThatDiesIsAnError) {
  EXPECT_ERROR(ask([]() -> std::string { ::_exit(3); }), ErrorCode::kInternal);
  EXPECT_ERROR(ask([]() -> std::string { ::raise(SIGKILL); return "no"; }), ErrorCode::kInternal);
}

TEST(AnsweringChild, ThatHoldsStillIsKilledAtTheDeadline) {
  const MonoTime begin = system_clock().now();
  EXPECT_ERROR(ask([]() -> std::string { for (;;) ::pause(); }, 10, milliseconds(100)),
               ErrorCode::kTimeout);
  EXPECT_LT(system_clock().now() - begin, seconds(15));
  // In PID 1 the reaper takes it; here this does.
  while (::waitpid(-1, nullptr, 0) > 0) {
  }
}

TEST(AnsweringChild, ThatDoesNotEndAfterItsAnswerIsKilled) {
  EXPECT_ERROR(ask([]() -> std::string {
                 ::close(kAnswerDescriptor);
                 for (;;) ::pause();
               },
                   10, milliseconds(100)),
               ErrorCode::kInternal);
  while (::waitpid(-1, nullptr, 0) > 0) {
  }
}

}  // namespace
}  // namespace phase::boot
