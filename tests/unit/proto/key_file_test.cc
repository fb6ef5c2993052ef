#include <sys/stat.h>
#include <unistd.h>

#include "proto/keys.h"
#include "tests/unit/proto/support.h"

namespace phase {
namespace {

TEST(KeyFile, IsReadAsItWasSavedAndByItsOwnerOnly) {
  const test::TempFolder folder;
  const std::string path = folder / "secret.key";
  ASSERT_TRUE(save_secret_key(path, test::key(4)).ok());
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  const auto read = load_secret_key(path);
  ASSERT_TRUE(read.ok()) << read.error().detail;
  EXPECT_EQ(read->public_key(), test::key(4).public_key());
}

TEST(KeyFile, IsNeverOverwritten) {
  const test::TempFolder folder;
  const std::string path = folder / "secret.key";
  ASSERT_TRUE(save_secret_key(path, test::key(4)).ok());
  EXPECT_ERROR(save_secret_key(path, test::key(5)), ErrorCode::kExists);
  EXPECT_EQ(load_secret_key(path)->public_key(), test::key(4).public_key());
  // Nor through a link that somebody else put there.
  ASSERT_EQ(::symlink((folder / "elsewhere").c_str(), (folder / "link").c_str()), 0);
  EXPECT_ERROR(save_secret_key(folder / "link", test::key(5)), ErrorCode::kExists);
}

TEST(KeyFile, RefusesOneThatOthersCanRead) {
  const test::TempFolder folder;
  const std::string path = folder / "secret.key";
  ASSERT_TRUE(save_secret_key(path, test::key(4)).ok());
  for (const mode_t mode : {0640, 0604, 0620, 0601, 0610}) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    EXPECT_ERROR(load_secret_key(path), ErrorCode::kConfig);
  }
  ASSERT_EQ(::chmod(path.c_str(), 0400), 0);
  EXPECT_TRUE(load_secret_key(path).ok());
}

TEST(KeyFile, RefusesWhatIsNoKeyFile) {
  const test::TempFolder folder;
  EXPECT_ERROR(load_secret_key(folder / "missing"), ErrorCode::kNotFound);
  EXPECT_ERROR(load_secret_key(folder.path()), ErrorCode::kConfig);
  EXPECT_ERROR(load_secret_key("/dev/zero"), ErrorCode::kConfig);
  EXPECT_ERROR(save_secret_key(folder / "no/such/folder", test::key(1)), ErrorCode::kNotFound);
  for (const std::string& content : {std::string(), std::string("x"), std::string(10'000, 'a'),
                                     std::string(test::key(4).serialize().text()) + "more"}) {
    const std::string path = folder / "other";
    test::write_file(path, as_bytes(content));
    ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
    const auto read = load_secret_key(path);
    EXPECT_ERROR(read, ErrorCode::kMalformed);
    EXPECT_NE(read.error().detail.find(path), std::string::npos) << "the message names the file";
  }
}

// The detail of an error goes to logs.
TEST(KeyFile, ErrorsHoldNothingOfTheKey) {
  const test::TempFolder folder;
  const std::string path = folder / "secret.key";
  std::string text(test::key(4).serialize().text());
  text.back() = 'x';
  test::write_file(path, as_bytes(text));
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  const auto read = load_secret_key(path);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().detail.find("0404"), std::string::npos);
}

}  // namespace
}  // namespace phase
