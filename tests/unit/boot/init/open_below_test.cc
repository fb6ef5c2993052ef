// Goal: nothing outside a folder is opened by a path that came from elsewhere, and no link is
// followed on the way. Method: paths that try.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>

#include "boot/init/verify_release.h"
#include "proto/fd.h"
#include "tests/unit/proto/support.h"

namespace phase::boot {
namespace {

namespace fs = std::filesystem;

class OpenBelow : public testing::Test {
 protected:
  OpenBelow() {
    fs::create_directories(root_ / "in/a/b");
    test::write_file(root_ / "in/a/b/file", Bytes(3));
    test::write_file(root_ / "secret", Bytes(3));
    fs::create_symlink(root_ / "secret", root_ / "in/link");
    fs::create_directory_symlink(root_.path(), root_ / "in/folder-link");
  }
  /// 0, or the error.
  [[nodiscard]] int opened(const std::string& path) const {
    const Fd fd(open_below(root_ / "in", path, O_RDONLY));
    return fd.valid() ? 0 : errno;
  }
  test::TempFolder root_;
};

TEST_F(OpenBelow, OpensAFileAtAnyDepth) { EXPECT_EQ(opened("a/b/file"), 0); }

TEST_F(OpenBelow, RefusesPathsThatAreNotPlain) {
  for (const char* path : {"", "/", "../secret", "a/../../secret", "./a/b/file", "a//b/file",
                           "/etc/passwd", ".."}) {
    EXPECT_EQ(opened(path), EINVAL) << path;
  }
  EXPECT_EQ(opened("a/b/file/"), ENOTDIR);
}

TEST_F(OpenBelow, FollowsNoLink) {
  EXPECT_EQ(opened("link"), ELOOP);
  EXPECT_EQ(opened("folder-link/secret"), ENOTDIR);
}

TEST_F(OpenBelow, OpensNothingButFiles) {
  EXPECT_EQ(opened("a/b"), EINVAL);
  EXPECT_EQ(opened("a/missing"), ENOENT);
  EXPECT_EQ(open_below(root_ / "missing", "file", O_RDONLY), -1);
}

}  // namespace
}  // namespace phase::boot
