// Goal: output is never lost, ends are never missed. Method: small shell programs.
#include "sim/process.h"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "sim/command.h"

namespace phase::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::unique_ptr<Process> shell(const std::string& script) {
  ProcessOptions options;
  options.argv = {"sh", "-c", script};
  auto process = Process::start(options);
  EXPECT_TRUE(process.ok());
  return process.ok() ? std::move(*process) : nullptr;
}

TEST(Process, FindsALineThatWasPrintedBeforeAnybodyAsked) {
  auto process = shell("echo version=12 ready; echo last");
  ASSERT_TRUE(process->wait_for_line("last", seconds(10)).ok());
  auto match = process->wait_for_line("version=([0-9]+)", milliseconds(0));
  ASSERT_TRUE(match.ok()) << match.error().detail;
  EXPECT_EQ(match->groups.at(1), "12");
  EXPECT_EQ(match->line, 0u);
}

TEST(Process, IsTheProgramOnceItIsStartedOrSaysWhyNot) {
  ProcessOptions options;
  options.argv = {"sleep", "60"};
  auto process = Process::start(options);
  ASSERT_TRUE(process.ok());
  const auto program = std::filesystem::read_symlink("/proc/" + std::to_string((*process)->pid()) + "/exe");
  EXPECT_NE(program, std::filesystem::read_symlink("/proc/self/exe")) << "still the fork of this one";

  const auto text = std::filesystem::temp_directory_path() /
                    ("phase-no-program-" + std::to_string((*process)->pid()));
  std::ofstream(text) << "no program";
  std::filesystem::permissions(text, std::filesystem::perms(0755));
  options.argv = {text.string()};
  const auto none = Process::start(options);
  std::filesystem::remove(text);
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.error().detail.find("cannot be started"), std::string::npos) << none.error().detail;
}

TEST(Process, LooksBehindTheLineThatItIsTold) {
  auto process = shell("echo same; echo other; echo same");
  auto first = process->wait_for_line("same", seconds(10));
  ASSERT_TRUE(first.ok());
  auto second = process->wait_for_line("same", seconds(10), first->line + 1);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->line, 2u);
}

TEST(Process, SaysThatTheProgramEndedInsteadOfWaitingOn) {
  auto process = shell("echo port 80 in use >&2; exit 37");
  auto match = process->wait_for_line("listening", seconds(60));
  ASSERT_FALSE(match.ok());
  EXPECT_EQ(match.error().code, ErrorCode::kCancelled);
  EXPECT_NE(match.error().detail.find("port 80 in use"), std::string::npos);
  EXPECT_NE(match.error().detail.find("exit status 37"), std::string::npos);
}

TEST(Process, TimesOutWhileTheProgramRuns) {
  auto process = shell("echo here; exec sleep 60");
  auto match = process->wait_for_line("never printed", milliseconds(50));
  ASSERT_FALSE(match.ok());
  EXPECT_EQ(match.error().code, ErrorCode::kTimeout);
  EXPECT_TRUE(process->running());
}

TEST(Process, ReportsTheSignalThatEndedIt) {
  auto process = shell("echo up; exec sleep 60");
  ASSERT_TRUE(process->wait_for_line("up", seconds(10)).ok());
  process->signal(SIGKILL);
  auto status = process->wait(seconds(10));
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(status->signal, SIGKILL);
  EXPECT_FALSE(status->success());
}

TEST(Process, EndsThoughAGrandchildHoldsItsOutput) {
  auto process = shell("sleep 60 & echo child $!; echo unfinished line");
  auto status = process->wait(seconds(10));
  ASSERT_TRUE(status.ok()) << status.error().detail;
  auto child = process->wait_for_line("child ([0-9]+)", seconds(1));
  ASSERT_TRUE(child.ok());
  ::kill(std::stoi(child->groups.at(1)), SIGKILL);
}

TEST(Process, TakesMoreOutputThanAPipeHolds) {
  auto output = run_command({"seq", "1", "200000"});
  ASSERT_TRUE(output.ok()) << output.error().detail;
  EXPECT_EQ(output->size(), 1288895u);
}

TEST(Command, NamesWhatFailedAndWhatItSaid) {
  auto output = run_command({"sh", "-c", "echo why; exit 3"});
  ASSERT_FALSE(output.ok());
  EXPECT_NE(output.error().detail.find("exit status 3"), std::string::npos);
  EXPECT_NE(output.error().detail.find("why"), std::string::npos);
}

TEST(Command, NamesAProgramThatIsMissing) {
  auto output = run_command({"phase-no-such-program"});
  ASSERT_FALSE(output.ok());
  EXPECT_EQ(output.error().code, ErrorCode::kNotFound);
}

TEST(Command, QuotesForPeople) {
  EXPECT_EQ(command_line({"a", "b c", "it's", ""}), "a 'b c' 'it'\\''s' ''");
}

}  // namespace
}  // namespace phase::sim
