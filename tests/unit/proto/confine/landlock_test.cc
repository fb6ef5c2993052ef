// Goal: outside the named folders nothing is opened, whatever its mode says, and inside them
// everything works. Method: processes that take on rules, on the running kernel.
#include "proto/confine/landlock.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/unit/proto/confine/in_child.h"

namespace phase::confine {
namespace {

namespace fs = std::filesystem;

/// Linux 5.19 and later, started with it.
bool kernel_has_it() {
  return syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 2;
}

class LandlockTest : public testing::Test {
 protected:
  LandlockTest() {
    std::string name = (fs::temp_directory_path() / "landlock-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    for (const char* folder : {"read", "write", "write/a", "write/b", "other"}) {
      fs::create_directory(root_ / folder);
      std::ofstream(root_ / folder / "file") << "text";
    }
  }
  ~LandlockTest() override { fs::remove_all(root_); }

  [[nodiscard]] std::string at(const std::string& name) const { return (root_ / name).string(); }

  /// 0 where `body` came to its end.
  [[nodiscard]] int with_rules(const std::function<int()>& body) const {
    const FileRules rules{{at("read"), at("missing")}, {"/bin", "/lib", "/lib64", "/usr"}, {at("write")}};
    const Landlock expected = kernel_has_it() ? Landlock::kApplied : Landlock::kMissing;
    return test::in_child([&] { return apply(rules) == expected; }, body);
  }
  /// The error of opening, where the kernel has Landlock; none where it has not.
  [[nodiscard]] int opened(const std::string& name, int flags) const {
    return with_rules([&] { return open(at(name).c_str(), flags, 0600) < 0 ? errno : 0; });
  }
  [[nodiscard]] static int refused() { return kernel_has_it() ? EACCES : 0; }

 private:
  fs::path root_;
};

TEST_F(LandlockTest, ReadsWhatIsNamedAndNothingElse) {
  EXPECT_EQ(opened("read/file", O_RDONLY), 0);
  EXPECT_EQ(opened("other/file", O_RDONLY), refused());
  EXPECT_EQ(opened("other", O_RDONLY | O_DIRECTORY), refused());
}

TEST_F(LandlockTest, WritesWhatIsNamedAndNothingElse) {
  EXPECT_EQ(opened("write/file", O_WRONLY), 0);
  EXPECT_EQ(opened("write/a/new", O_WRONLY | O_CREAT), 0);
  EXPECT_EQ(opened("read/file", O_WRONLY), refused());
  EXPECT_EQ(opened("read/new", O_WRONLY | O_CREAT), refused());
  EXPECT_EQ(opened("other/new", O_WRONLY | O_CREAT), refused());
}

// A store renames what is complete from one folder into another.
TEST_F(LandlockTest, RenamesBetweenFoldersThatMayBeWritten) {
  EXPECT_EQ(with_rules([&] {
              return std::rename(at("write/a/file").c_str(), at("write/b/moved").c_str()) == 0 ? 0
                                                                                               : errno;
            }),
            0);
  const int out = with_rules([&] {
    return std::rename(at("write/file").c_str(), at("other/moved").c_str()) == 0 ? 0 : errno;
  });
  if (kernel_has_it()) {
    EXPECT_TRUE(out == EACCES || out == EXDEV) << out;
  }
}

TEST_F(LandlockTest, MakesNoDevice) {
  const int error = with_rules([&] {
    return mknod(at("write/null").c_str(), S_IFCHR | 0600, 0x103) == 0 ? 0 : errno;
  });
  EXPECT_TRUE(error == EACCES || error == EPERM || !kernel_has_it()) << error;
}

TEST_F(LandlockTest, ExecutesWhatIsNamedAndNothingElse) {
  fs::copy_file("/bin/true", at("write/true"));
  fs::permissions(at("write/true"), fs::perms::owner_all);
  const auto run = [&](const std::string& program) {
    return with_rules([&] {
      char name[] = "true";
      char* const arguments[] = {name, nullptr};
      execv(program.c_str(), arguments);
      return errno;
    });
  };
  EXPECT_EQ(run("/bin/true"), 0);
  EXPECT_EQ(run(at("write/true")), refused());
}

TEST_F(LandlockTest, RulesThatNameNothingAllowNothing) {
  const int error = test::in_child(
      [] { return apply(FileRules{}) != Landlock::kFailed; },
      [&] { return open(at("read/file").c_str(), O_RDONLY) < 0 ? errno : 0; });
  EXPECT_EQ(error, refused());
}

}  // namespace
}  // namespace phase::confine
