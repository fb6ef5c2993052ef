// Goal: the unit of deploy/ leaves plasmd no more than docs/CONFINEMENT.md says, and systemd takes
// it. Method: systemd's own tools on the file, and on copies that were weakened.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>

#include "sim/command.h"
#include "sim/must.h"

namespace phase::sim {
namespace {

namespace fs = std::filesystem;

constexpr const char* kInstalled = "/usr/local/bin/plasmd";

class Service : public testing::Test {
 protected:
  Service() {
    std::string name = (fs::temp_directory_path() / "service-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    std::ostringstream text;
    text << std::ifstream(PHASE_SOURCE_DIR "/deploy/plasmd.service").rdbuf();
    unit_ = text.str();
  }
  ~Service() override { fs::remove_all(folder_); }

  void replace(const std::string& what, const std::string& by) {
    const auto at = unit_.find(what);
    ASSERT_NE(at, std::string::npos) << what;
    unit_.replace(at, what.size(), by);
  }
  /// The unit as it is now, as a file.
  [[nodiscard]] std::string file() const {
    const std::string path = folder_ + "/plasmd.service";
    std::ofstream(path) << unit_;
    return path;
  }
  /// Tenths: systemd ends with another status than 0 above them.
  [[nodiscard]] Result<std::string> scored(int at_most) const {
    return run_command({"systemd-analyze", "security", "--offline=yes", "--no-pager",
                        "--threshold=" + std::to_string(at_most), file()});
  }

 private:
  std::string folder_, unit_;
};

TEST_F(Service, IsExposedAtMost1Point2) {
  const auto score = scored(12);
  ASSERT_TRUE(score.ok()) << score.error().detail;
  EXPECT_THAT(*score, testing::HasSubstr("Overall exposure level"));
}

TEST_F(Service, WouldBeToldFromAWeakerOne) {
  replace("DynamicUser=yes", "User=root");
  EXPECT_FALSE(scored(12).ok());
}

TEST_F(Service, IsTakenBySystemd) {
  replace(kInstalled, std::string(PHASE_PROGRAMS) + "/plasmd");
  const auto verified = run_command({"systemd-analyze", "verify", "--man=no", file()});
  EXPECT_TRUE(verified.ok()) << verified.error().detail;
}

TEST_F(Service, AnUnknownSettingWouldBeSaid) {
  replace("NoNewPrivileges=yes", "NoNewPrivilege=yes");
  replace(kInstalled, std::string(PHASE_PROGRAMS) + "/plasmd");
  const auto said = run_command(
      {"sh", "-c", "systemd-analyze verify --man=no \"$0\" 2>&1", file()});
  EXPECT_THAT(said ? *said : said.error().detail, testing::HasSubstr("NoNewPrivilege"));
}

// The commands of docs/OPERATING.md, into a folder in place of the root.
TEST_F(Service, TheCommandsOfThePageInstallWhatItStarts) {
  std::ifstream page(PHASE_SOURCE_DIR "/docs/OPERATING.md");
  const std::string root = fs::path(file()).parent_path().string();
  std::ofstream(root + "/plasmd.toml") << "port = 8080\n";
  int ran = 0;
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("install -D ")) continue;
    line = std::regex_replace(line, std::regex(" /(usr|etc)/"), " " + root + "/$1/");
    line = std::regex_replace(line, std::regex("build/release/bin"), PHASE_PROGRAMS);
    line = std::regex_replace(line, std::regex(" plasmd.toml"), " " + root + "/plasmd.toml");
    const auto done = run_command({"sh", "-c", "cd \"$0\" && " + line, PHASE_SOURCE_DIR});
    EXPECT_TRUE(done.ok()) << line << ": " << done.error().detail;
    ++ran;
  }
  EXPECT_EQ(ran, 3);
  EXPECT_TRUE(fs::exists(root + "/etc/systemd/system/plasmd.service"));
  EXPECT_TRUE(fs::exists(root + "/etc/phase/plasmd.toml"));
  EXPECT_TRUE(fs::exists(root + "/usr/local/bin/phase-lan"));
  replace(kInstalled, root + kInstalled);
  const auto verified = run_command({"systemd-analyze", "verify", "--man=no", file()});
  EXPECT_TRUE(verified.ok()) << verified.error().detail;
}

// plasmd adds a filter of its own, which takes calls that a service rarely makes.
TEST_F(Service, LetsPlasmdConfineItself) {
  std::ostringstream text;
  text << std::ifstream(file()).rdbuf();
  EXPECT_THAT(text.str(), testing::ContainsRegex("\nSystemCallFilter=seccomp landlock_create_ruleset "
                                                 "landlock_add_rule landlock_restrict_self\n"));
}

}  // namespace
}  // namespace phase::sim
