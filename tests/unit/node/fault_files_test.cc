// The fake file system must lose what a disk may lose, or the crash tests prove nothing.
#include "fault_files.h"

#include <gtest/gtest.h>

#include "release_fixture.h"

namespace phase::node::test {
namespace {

std::string content(const std::string& path) {
  const auto bytes = real_files().read_file(path, 1000);
  return bytes ? std::string(as_text(*bytes)) : "absent";
}

TEST(FaultFiles, LosesContentThatWasNotSynced) {
  const TempFolder folder;
  FaultFiles files(folder.path(), 0);
  ASSERT_TRUE(files.write_file(folder.path() + "/a", as_bytes("one")));
  ASSERT_TRUE(files.sync_folder(folder.path()));
  files.power_cut(Survives::kSyncedOnly);
  EXPECT_EQ(content(folder.path() + "/a"), "");
}

TEST(FaultFiles, LosesNamesThatWereNotSynced) {
  const TempFolder folder;
  FaultFiles files(folder.path(), 0);
  ASSERT_TRUE(files.write_file(folder.path() + "/a", as_bytes("one")));
  ASSERT_TRUE(files.sync_file(folder.path() + "/a"));
  files.power_cut(Survives::kSyncedOnly);
  EXPECT_EQ(content(folder.path() + "/a"), "absent");
}

TEST(FaultFiles, TakesARenameBackUntilItsFolderIsSynced) {
  const TempFolder folder;
  const auto a = folder.path() + "/a";
  const auto b = folder.path() + "/b";
  ASSERT_TRUE(real_files().write_file(a, as_bytes("new")));
  ASSERT_TRUE(real_files().write_file(b, as_bytes("old")));
  FaultFiles files(folder.path(), 0);
  ASSERT_TRUE(files.rename(a, b));
  files.power_cut(Survives::kSyncedOnly);
  EXPECT_EQ(content(b), "old");
  EXPECT_EQ(content(a), "new");
}

TEST(FaultFiles, KeepsWhatWasSynced) {
  const TempFolder folder;
  FaultFiles files(folder.path(), 0);
  ASSERT_TRUE(replace_file(files, folder.path() + "/a", as_bytes("one")));
  files.power_cut(Survives::kSyncedOnly);
  EXPECT_EQ(content(folder.path() + "/a"), "one");
}

TEST(FaultFiles, StopsAtTheCallThatIsNamedAndLeavesHalfAWrite) {
  const TempFolder folder;
  FaultFiles files(folder.path(), 2);
  EXPECT_FALSE(files.write_file(folder.path() + "/a", as_bytes("1234")));
  EXPECT_TRUE(files.crashed());
  EXPECT_FALSE(files.make_folder(folder.path() + "/b"));
  files.power_cut(Survives::kEverything);
  EXPECT_EQ(content(folder.path() + "/a"), "12");
  EXPECT_EQ(content(folder.path() + "/b"), "absent");
}

}  // namespace
}  // namespace phase::node::test
