// Goal: a person sees how far a fetch is, and who delivered what: a line that is rewritten on a
// terminal, plain lines elsewhere. Method: the real `plasmd fetch` on a pseudo-terminal (script(1)) and
// on a pipe, from a publisher slow enough that there is something to see.
#include <gmock/gmock.h>


#include "node_fixture.h"

namespace phase::node::test {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using std::chrono::minutes;

class Progress : public Nodes {
 protected:
  void SetUp() override {
    Nodes::SetUp();
    (void)publish();
    publisher_ = must(shell().start(
        "publisher", with_bootstrap({"plasmd", "serve", "-a", world().publisher_store(),
                                     "--upload-limit", "8M"})));
    must(publisher_->wait_for_line("^pointer stored .* nodes=[1-9]", minutes(1)));
  }
  [[nodiscard]] std::vector<std::string> fetch_argv(const std::string& name) const {
    return with_bootstrap({sim::own_folder() + "/plasmd", "fetch", "--trust", kit().public_key,
                           "--out", folder() + "/" + name, "--timeout", "100"});
  }
  static void expect_the_end(const std::string& output) {
    EXPECT_THAT(output, ContainsRegex("10\\.77\\.2\\.1:[0-9]+ +[0-9]+ bytes, found by dht"));
    EXPECT_THAT(output, HasSubstr("fetched channel=stable arch=x86_64 version="));
  }

  std::unique_ptr<sim::Process> publisher_;
};

const std::string kLine = " *[0-9]+ % of [0-9.]+ MiB, [0-9.]+ MiB/s, ([0-9]+ s left, )?[0-9]+ sources?";

TEST_F(Progress, IsOneLineOnATerminal) {
  std::string command;
  for (const std::string& word : fetch_argv("terminal")) command += word + " ";
  const Ended fetch = run("router", {"script", "-qec", command, "/dev/null"});
  ASSERT_EQ(fetch.code, 0) << fetch.output;
  EXPECT_THAT(fetch.output, ContainsRegex("\r\033\\[K" + kLine + "\r\033\\[K" + kLine));
  EXPECT_THAT(fetch.output, ContainsRegex("\r\033\\[K100 % of [^\r\n]*\r?\n"));
  EXPECT_THAT(fetch.output, Not(ContainsRegex("[0-9] sources?\r?\n *[0-9]+ %")));
  expect_the_end(fetch.output);
}

TEST_F(Progress, IsPlainLinesElsewhere) {
  const Ended fetch = run("router", fetch_argv("pipe"));
  ASSERT_EQ(fetch.code, 0) << fetch.output;
  EXPECT_THAT(fetch.output, ContainsRegex("\n" + kLine + "\n"));
  EXPECT_THAT(fetch.output, ContainsRegex("\n100 % of [^\r\n]*\n"));
  EXPECT_THAT(fetch.output, Not(HasSubstr("\r")));
  EXPECT_THAT(fetch.output, Not(HasSubstr("\033")));
  expect_the_end(fetch.output);
}

}  // namespace
}  // namespace phase::node::test
