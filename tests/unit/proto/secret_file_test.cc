#include "proto/secret_file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "proto/fd.h"
#include "tests/unit/proto/support.h"

namespace phase {
namespace {

/// No file of this process may grow while it lives; write() then fails as on a full disk.
class NoRoom {
 public:
  NoRoom() : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    check(::getrlimit(RLIMIT_FSIZE, &before_) == 0, "a limit of a test");
    const rlimit none{0, before_.rlim_max};
    check(::setrlimit(RLIMIT_FSIZE, &none) == 0, "a limit of a test");
  }
  ~NoRoom() {
    check(::setrlimit(RLIMIT_FSIZE, &before_) == 0, "a limit of a test");
    std::signal(SIGXFSZ, handler_);
  }
  NoRoom(const NoRoom&) = delete;
  NoRoom& operator=(const NoRoom&) = delete;

 private:
  void (*handler_)(int);
  rlimit before_{};
};

TEST(SecretFile, IsReadAsItWasWrittenAndByItsOwnerOnly) {
  const test::TempFolder folder;
  const std::string path = folder / "secret";
  ASSERT_TRUE(write_secret_file(path, "text").ok());
  auto read = read_secret_file(path, 4);
  ASSERT_TRUE(read.ok()) << read.error().detail;
  EXPECT_EQ(read->bytes.text(), "text");
  EXPECT_TRUE(read->owner_only);
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  read = read_secret_file(path, 4);
  ASSERT_TRUE(read.ok());
  EXPECT_FALSE(read->owner_only);
  EXPECT_ERROR(read_secret_file(path, 3), ErrorCode::kMalformed);
  EXPECT_ERROR(write_secret_file(path, "other"), ErrorCode::kExists);
  EXPECT_EQ(test::read_file(path), "text");
}

TEST(SecretFile, ThatCannotBeWrittenLeavesNothing) {
  EXPECT_ERROR(write_secret_file("/dev/full", "x"), ErrorCode::kExists);
  const test::TempFolder folder;
  EXPECT_ERROR(write_secret_file(folder / "none/secret", "x"), ErrorCode::kNotFound);
  EXPECT_ERROR(read_secret_file(folder / "none", 10), ErrorCode::kNotFound);
  EXPECT_ERROR(read_secret_file("/dev/zero", 10), ErrorCode::kConfig);
  {
    const NoRoom full;
    EXPECT_ERROR(write_secret_file(folder / "full", "x"), ErrorCode::kStore);
  }
  EXPECT_NE(::access((folder / "full").c_str(), F_OK), 0) << "half a file was left";
}

TEST(SecretFile, IsReadFromAPipeUpToItsEnd) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const Fd from(ends[0]);
  Fd to(ends[1]);
  ASSERT_EQ(::write(to.get(), "pass", 4), 4);
  ASSERT_EQ(::write(to.get(), "word", 4), 4);
  to.reset();
  const auto read = read_secret(from.get(), "standard input", 8);
  ASSERT_TRUE(read.ok()) << read.error().detail;
  EXPECT_EQ(read->text(), "password");
  EXPECT_ERROR(read_secret(-1, "standard input", 8), ErrorCode::kStore);
}

}  // namespace
}  // namespace phase
