// Goal: a plasmd that runs has given up what it does not need, and still does its work. Method: real
// nodes, started as root and as a user; what the kernel says of each process.
#include <gmock/gmock.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "node_fixture.h"

namespace phase::node::test {
namespace {

using std::chrono::minutes;
namespace fs = std::filesystem;

constexpr const char* kNobody = "65534";
constexpr const char* kNothing = "0000000000000000";
constexpr const char* kLowPorts = "0000000000000400";  // CAP_NET_BIND_SERVICE
// CAP_DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, SETGID, SETUID, NET_BIND_SERVICE.
constexpr const char* kOfRoot = "00000000000004ce";

class ConfinedNode : public Nodes {
 protected:
  void SetUp() override {
    Nodes::SetUp();
    // Whoever plasmd becomes has to come to its store.
    fs::permissions(folder(), fs::perms::others_exec | fs::perms::group_exec, fs::perm_options::add);
  }
  sim::Process& serve(const std::vector<std::string>& more) {
    std::vector<std::string> argv{"plasmd", "serve", "-a", store(), "--follow", follow()};
    argv.insert(argv.end(), more.begin(), more.end());
    return *must(world().start_provider(with_bootstrap(argv)));
  }
  [[nodiscard]] std::string store() const { return folder() + "/confined"; }
  /// The first word of a field of /proc/<pid>/status.
  static std::string status_of(const sim::Process& process, const std::string& field) {
    std::ifstream status("/proc/" + std::to_string(process.pid()) + "/status");
    for (std::string line; std::getline(status, line);) {
      if (!line.starts_with(field + ":\t")) continue;
      const auto begin = field.size() + 2;
      return line.substr(begin, line.find('\t', begin) - begin);
    }
    return "none";
  }
  static void expect_confined(const sim::Process& process, const std::string& user,
                              const std::string& capabilities) {
    EXPECT_EQ(status_of(process, "Uid"), user);
    EXPECT_EQ(status_of(process, "CapEff"), capabilities);
    EXPECT_EQ(status_of(process, "CapPrm"), capabilities);
    EXPECT_EQ(status_of(process, "CapBnd"), capabilities);
    EXPECT_EQ(status_of(process, "NoNewPrivs"), "1");
    EXPECT_EQ(status_of(process, "Seccomp"), "2");
    std::ifstream limits("/proc/" + std::to_string(process.pid()) + "/limits");
    const std::string text{std::istreambuf_iterator<char>(limits), {}};
    EXPECT_THAT(text, testing::ContainsRegex("Max core file size +0 +0 "));
  }
  /// What the node says of it, on this kernel.
  static std::string line_of(const std::string& user) {
    const bool landlock =
        ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 2;
    return "^confined user=" + user + " system-calls=filtered files=" + (landlock ? "own" : "any") + "$";
  }
};

TEST_F(ConfinedNode, AsRootKeepsWhatRootsFilesNeedAndNoMore) {
  const auto version = publish();
  must(world().start_publisher());
  sim::Process& node = serve({});
  must(node.wait_for_line(line_of("root"), minutes(1)));
  must(node.wait_for_line("^serving .*version=" + std::to_string(version), minutes(1)));
  expect_confined(node, "0", kOfRoot);
  EXPECT_FALSE(node.lines_matching("runs as root").empty());
}

TEST_F(ConfinedNode, BecomesTheUserThatIsNamedAndDoesItsWork) {
  const auto version = publish();
  must(world().start_publisher());
  sim::Process& node = serve({"--user", "nobody"});
  must(node.wait_for_line(line_of("nobody"), minutes(1)));
  must(node.wait_for_line("^serving .*version=" + std::to_string(version), minutes(1)));
  must(node.wait_for_line("^pointer stored ", minutes(1)));
  expect_confined(node, kNobody, kNothing);
  struct stat status {};
  ASSERT_EQ(::stat(store().c_str(), &status), 0);
  EXPECT_EQ(std::to_string(status.st_uid), kNobody);
}

TEST_F(ConfinedNode, OpensALowPortWithoutBeingRoot) {
  publish();
  sim::Process& node = serve({"--user", "nobody", "-p", "80"});
  must(node.wait_for_line("^listening http=.*:80$", minutes(1)));
  expect_confined(node, kNobody, kLowPorts);
}

TEST_F(ConfinedNode, DoesNotTakeAStoreThatIsSomebodyElses) {
  fs::create_directory(store());
  const Ended ended = run("router", {"plasmd", "serve", "-a", store(), "--user", "nobody"});
  EXPECT_EQ(ended.code, exit_code(ErrorCode::kStore)) << ended.output;
  EXPECT_THAT(ended.output, testing::HasSubstr("chown -R nobody"));
}

TEST_F(ConfinedNode, DoesNotStartForAUserThatIsNone) {
  const Ended ended = run("router", {"plasmd", "serve", "-a", store(), "--user", "no-such-user"});
  EXPECT_EQ(ended.code, exit_code(ErrorCode::kUsage)) << ended.output;
}

}  // namespace
}  // namespace phase::node::test
