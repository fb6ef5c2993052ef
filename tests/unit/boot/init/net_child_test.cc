// Goal: PID 1 hears the network child out and is never held up by it. Method: real processes
// (shell scripts) in its place: honest, silent, hostile.
#include "boot/init/net_child.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "boot/init/line_reader.h"
#include "tests/unit/proto/support.h"

namespace phase::boot {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

/// Of nobody else, where this test may choose.
uid_t number() { return ::geteuid() == 0 ? 59'901 : ::geteuid(); }

class NetChild : public testing::Test {
 protected:
  NetChildOutcome run(const std::string& script,
                      std::optional<std::chrono::seconds> limit = std::nullopt) {
    NetChildOptions options;
    options.program = "/bin/sh";
    options.arguments = {"-c", script};
    options.uid = number();
    options.room = 1 << 20;
    if (limit) options.deadline = system_clock().now() + *limit;
    options.say = [this](const std::string& text) { said_.push_back(text); };
    options.progress = [this](const std::string& text) { progress_.push_back(text); };
    return run_net_child(options, system_clock());
  }

  std::vector<std::string> said_, progress_;
};

TEST_F(NetChild, HearsWhatItSays) {
  const auto outcome = run(
      "echo 'say looking'; echo 'progress 50 %'; echo 'refusal peer x'; echo 'done folder'");
  ASSERT_TRUE(outcome.folder.ok()) << outcome.folder.error().detail;
  EXPECT_EQ(*outcome.folder, "folder");
  EXPECT_THAT(said_, ElementsAre("looking"));
  EXPECT_THAT(progress_, ElementsAre("50 %"));
  EXPECT_THAT(outcome.refusals, ElementsAre("peer x"));
}

TEST_F(NetChild, PassesItsErrorOn) {
  const auto outcome = run("echo 'failed 33 no pointer'; exit 33");
  EXPECT_ERROR(outcome.folder, ErrorCode::kNoPointer);
  EXPECT_EQ(outcome.folder.error().detail, "no pointer");
}

TEST_F(NetChild, DoneCountsForNothingWhereItFails) {
  EXPECT_ERROR(run("echo 'done folder'; exit 5").folder, ErrorCode::kTimeout);
  EXPECT_ERROR(run("echo 'done folder'; kill -SEGV $$").folder, ErrorCode::kInternal);
  EXPECT_ERROR(run("echo 'done folder'; echo 'failed 22 altered'").folder, ErrorCode::kAltered);
}

TEST_F(NetChild, AnEndWithoutAWordIsAnError) {
  EXPECT_FALSE(run("exit 0").folder.ok());
  EXPECT_ERROR(run("exit 99").folder, ErrorCode::kInternal);
}

TEST_F(NetChild, ShowsItsLastWords) {
  run("echo 'terminate called' >&2; printf 'no line feed'");
  EXPECT_THAT(said_, ElementsAre("terminate called", "no line feed"));
}

TEST_F(NetChild, AProgramThatIsMissingIsNamed) {
  NetChildOptions options;
  options.program = "/sbin/no-such-program";
  options.uid = number();
  options.room = 1;
  const auto outcome = run_net_child(options, system_clock());
  EXPECT_ERROR(outcome.folder, ErrorCode::kNotFound);
  EXPECT_THAT(outcome.folder.error().detail, HasSubstr("/sbin/no-such-program"));
}

TEST_F(NetChild, IsEndedAtTheDeadline) {
  EXPECT_ERROR(run("echo 'say waiting'; exec sleep 1000", std::chrono::seconds(1)).folder,
               ErrorCode::kTimeout);
  EXPECT_THAT(said_, ElementsAre("waiting"));
}

TEST_F(NetChild, AFloodNeitherHoldsNorFillsPidOne) {
  EXPECT_ERROR(run("while :; do echo 'say flood'; done", std::chrono::seconds(1)).folder,
               ErrorCode::kTimeout);
  EXPECT_EQ(said_.size(), LineReader::kMaxLines + 1);
  EXPECT_THAT(said_.back(), HasSubstr("more lines"));
}

TEST_F(NetChild, ItsResultCountsHoweverMuchItSaid) {
  const auto outcome = run("i=0; while [ $i -lt 6000 ]; do echo say $i; i=$((i+1)); done;"
                           "echo 'done folder'");
  ASSERT_TRUE(outcome.folder.ok()) << outcome.folder.error().detail;
  EXPECT_EQ(*outcome.folder, "folder");
}

TEST_F(NetChild, AGrandchildThatHoldsThePipeDoesNotHoldPidOne) {
  const auto outcome = run("sleep 5 & echo 'done folder'");
  ASSERT_TRUE(outcome.folder.ok());
}

TEST_F(NetChild, HasLimitsAndNoPrivileges) {
  run("echo say files $(ulimit -n); echo say core $(ulimit -c); echo say size $(ulimit -f);"
      "echo say $(grep NoNewPrivs /proc/self/status); echo say $(grep CapEff /proc/self/status);"
      "echo 'done x'");
  EXPECT_THAT(said_, Contains("files 1024"));
  EXPECT_THAT(said_, Contains("core 0"));
  EXPECT_THAT(said_, Contains("size 2048"));
  EXPECT_THAT(said_, Contains("NoNewPrivs: 1"));
  EXPECT_THAT(said_, Contains("CapEff: 0000000000000000"));
}

}  // namespace
}  // namespace phase::boot
