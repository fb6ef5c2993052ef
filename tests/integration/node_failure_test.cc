// Goal: each way to fail has its own exit code and a message that a person can act on. Method: the
// program itself, in the situation.
#include <gmock/gmock.h>

#include <csignal>
#include <fstream>

#include "node_fixture.h"

namespace phase::node::test {
namespace {

using std::chrono::minutes;
using testing::HasSubstr;

class Failure : public Nodes {
 protected:
  void expect(const Ended& ended, ErrorCode code, const std::string& words) {
    EXPECT_EQ(ended.code, exit_code(code)) << ended.output;
    EXPECT_THAT(ended.output, HasSubstr(error_name(code)));
    EXPECT_THAT(ended.output, HasSubstr(words));
  }
};

TEST_F(Failure, NamesAMissingBootstrapNode) {
  expect(run("router", {"plasmd", "discover", "--trust", kit().public_key, "--bootstrap",
                        "10.77.200.1:6881", "--seconds", "2"}),
         ErrorCode::kNoBootstrap, "DHT");
}

TEST_F(Failure, NamesAMissingPointer) {
  expect(run("router", with_bootstrap({"plasmd", "discover", "--trust", kit().public_key, "--seconds", "2"})),
         ErrorCode::kNoPointer, "pointer");
}

TEST_F(Failure, NamesAMissingProvider) {
  publish();
  must(world().start_publisher());
  world().publisher()->signal(SIGKILL);
  must(world().publisher()->wait(minutes(1)));
  // The DHT still lists it for a while; nobody answers there.
  expect(run("router", with_bootstrap({"plasmd", "fetch", "--trust", kit().public_key, "--out",
                                       folder() + "/out", "--provider-timeout", "3"})),
         ErrorCode::kNoProvider, "nobody serves");
}

TEST_F(Failure, NamesATakenPort) {
  publish();
  must(world().start_publisher());
  expect(run("publisher", {"plasmd", "serve", "-a", folder() + "/other", "--bootstrap", "none"}),
         ErrorCode::kPortInUse, "8080");
}

TEST_F(Failure, NamesAStoreThatCannotBeWritten) {
  std::ofstream(folder() + "/file") << "no folder";
  expect(run("router", {"plasmd", "serve", "-a", folder() + "/file/store", "--bootstrap", "none"}),
         ErrorCode::kStore, folder() + "/file");
}

TEST_F(Failure, NamesAnUnusableKeyAndAnUnknownArchitecture) {
  expect(run("router", {"plasmd", "fetch", "--trust", "not-a-key", "--out", folder() + "/out"}),
         ErrorCode::kConfig, "not-a-key");
  expect(run("router", {"plasmd", "fetch", "--trust", kit().public_key, "--arch", "sparc", "--out",
                        folder() + "/out"}),
         ErrorCode::kUsage, "sparc");
}

TEST_F(Failure, RefusesAnAdminEndpointThatStrangersReach) {
  expect(run("router", {"plasmd", "serve", "-a", folder() + "/store", "--bootstrap", "none", "--admin",
                        "0.0.0.0:8081"}),
         ErrorCode::kUsage, "loopback");
}

TEST_F(Failure, StatusSaysWhereNoNodeRuns) {
  expect(run("router", {"plasmd", "status"}), ErrorCode::kNotFound, "127.0.0.1:8081");
}

TEST_F(Failure, AConfigurationFileIsReadAgainOnSighup) {
  const std::string config = folder() + "/plasmd.toml";
  const auto write_config = [&](const std::string& channels) {
    std::ofstream(config) << "artifacts = \"" << folder() << "/store\"\nport = 8090\n"
                          << "bootstrap = [\"" << world().bootstrap().front() << "\"]\n"
                          << "follow = [" << channels << "]\n";
  };
  const std::string stable = '"' + follow() + '"';
  write_config(stable);
  auto* node = must(world().start_provider({"plasmd", "serve", "--config", config}));
  must(node->wait_for_line("listening http=.*:8090$", minutes(1)));
  must(node->wait_for_line("^following .*/stable/x86_64$", minutes(1)));
  must(node->wait_for_line("listening admin", minutes(1)));
  const std::string testing = '"' + kit().public_key + "/testing/x86_64\"";
  write_config(stable + ", " + testing);
  node->signal(SIGHUP);
  must(node->wait_for_line("^following .*/testing/x86_64$", minutes(1)));
  const sim::ExitStatus ended = must(node->stop(std::chrono::seconds(20)));
  EXPECT_TRUE(ended.success()) << ended.text();
}

TEST_F(Failure, AConfigurationFileWithAMistakeIsNamedWithItsLine) {
  const std::string config = folder() + "/plasmd.toml";
  std::ofstream(config) << "port = 8090\nfollow = [\n";
  const Ended ended = run("router", {"plasmd", "serve", "--config", config});
  EXPECT_EQ(ended.code, exit_code(ErrorCode::kConfig)) << ended.output;
  EXPECT_THAT(ended.output, HasSubstr("line 2"));
  std::ofstream(config) << "folow = \"x\"\n";
  const Ended misspelt = run("router", {"plasmd", "serve", "--config", config});
  EXPECT_EQ(misspelt.code, exit_code(ErrorCode::kConfig)) << misspelt.output;
  EXPECT_THAT(misspelt.output, HasSubstr("follow"));
}

}  // namespace
}  // namespace phase::node::test
