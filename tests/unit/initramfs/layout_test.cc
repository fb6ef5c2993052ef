// Goal: the archive holds what was added, in one order, and says how much room each part takes.
#include "initramfs/layout.h"

#include <gmock/gmock.h>

#include "support.h"

namespace phase::initramfs {
namespace {

using namespace testing;  // NOLINT: the fixtures
using ::testing::Contains;
using ::testing::Pair;

constexpr std::uint32_t kTime = 1'700'000'000;
const auto kNever = [] { return false; };

LayoutFile text(Group group, const std::string& content) {
  return {group, Bytes(content.begin(), content.end()), 0644, {}};
}

std::string noise(std::size_t size) {
  std::string out(size, '\0');
  std::uint32_t state = 1;
  for (char& c : out) c = static_cast<char>((state = state * 1664525U + 1013904223U) >> 24U);
  return out;
}

TEST(Layout, WritesAnArchiveThatOthersRead) {
  for (const Compression how : {Compression::kZstd, Compression::kGzip}) {
    Layout layout;
    ASSERT_TRUE(layout.file("/a/b/c", text(Group::kPrograms, "deep")).ok());
    ASSERT_TRUE(layout.directory("/tmp", 01777).ok());
    ASSERT_TRUE(layout.device("/dev/console", {0600, 5, 1}).ok());
    ASSERT_TRUE(layout.file("/empty", text(Group::kOther, "")).ok());
    const auto archive = layout.write(how, kTime, kNever);
    ASSERT_TRUE(archive.ok());
    EXPECT_THAT(list_cpio(archive->bytes),
                ::testing::UnorderedElementsAre(
                    Pair("a", "/"), Pair("a/b", "/"), Pair("a/b/c", "deep"), Pair("tmp", "/"),
                    Pair("dev", "/"), Pair("empty", ""), Pair("dev/console", "c5:1")));
  }
}

TEST(Layout, GivesTheSameBytesInWhateverOrderThingsAreAdded) {
  Layout one, two;
  const std::vector<std::string> paths{"/init", "/lib/a", "/lib/b", "/z/y/x"};
  for (auto it = paths.begin(); it != paths.end(); ++it) {
    ASSERT_TRUE(one.file(*it, text(Group::kPrograms, *it)).ok());
  }
  for (auto it = paths.rbegin(); it != paths.rend(); ++it) {
    ASSERT_TRUE(two.file(*it, text(Group::kPrograms, *it)).ok());
  }
  EXPECT_EQ(one.write(Compression::kZstd, kTime, kNever)->bytes,
            two.write(Compression::kZstd, kTime, kNever)->bytes);
  EXPECT_NE(one.write(Compression::kZstd, kTime, kNever)->bytes,
            one.write(Compression::kZstd, kTime + 1, kNever)->bytes);
}

TEST(Layout, AccountsForEveryByte) {
  Layout layout;
  ASSERT_TRUE(layout.file("/bin/noise", text(Group::kPrograms, noise(300'000))).ok());
  ASSERT_TRUE(layout.file("/lib/zeros", text(Group::kLibraries, std::string(300'000, '\0'))).ok());
  ASSERT_TRUE(layout.file("/etc/small", text(Group::kOther, "small")).ok());
  const auto archive = layout.write(Compression::kZstd, kTime, kNever);
  ASSERT_TRUE(archive.ok());
  std::uint64_t packed = 0;
  std::uint64_t files = 0;
  for (const RoomUsed& group : archive->groups) {
    packed += group.packed;
    files += group.files;
  }
  EXPECT_EQ(packed, archive->bytes.size());
  EXPECT_EQ(files, 3u);
  ASSERT_EQ(archive->files.size(), 2u);
  EXPECT_EQ(archive->files[0].name, "/bin/noise");
  EXPECT_GE(archive->files[0].packed, 300'000u);
  EXPECT_LT(archive->files[1].packed, 1'000u);
}

TEST(Layout, RefusesPathsThatAreTakenOrNotClean) {
  Layout layout;
  ASSERT_TRUE(layout.file("/init", text(Group::kPrograms, "x")).ok());
  ASSERT_TRUE(layout.directory("/etc").ok());
  for (const char* path :
       {"/init", "/init/below", "/etc", "relative", "/", "", "/a/../b", "/a//b", "/a/"}) {
    const auto added = layout.file(path, text(Group::kOther, "y"));
    ASSERT_FALSE(added.ok()) << path;
    EXPECT_EQ(added.error().code, ErrorCode::kUsage);
  }
}

TEST(Layout, StopsOnRequest) {
  Layout layout;
  ASSERT_TRUE(layout.file("/init", text(Group::kPrograms, "x")).ok());
  const auto archive = layout.write(Compression::kZstd, kTime, [] { return true; });
  ASSERT_FALSE(archive.ok());
  EXPECT_EQ(archive.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace phase::initramfs
