// Goal: disks hold what they were told to, where they were told to, and one flipped byte is one
// flipped byte. Method: images made and read by the usual programs, compared byte by byte.
#include "sim/disk.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "sim/command.h"
#include "sim/must.h"

namespace phase::sim {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class DiskTest : public testing::Test {
 protected:
  const std::string folder = fs::temp_directory_path() / ("phase-disk-test-" + std::to_string(::getpid()));
  std::string text;  // Over several blocks.

  void SetUp() override {
    fs::create_directories(folder + "/content/sub");
    for (int i = 0; i < 3000; ++i) text += "line " + std::to_string(i) + "\n";
    std::ofstream(folder + "/content/sub/long file") << text;
    std::ofstream(folder + "/content/short") << "short";
  }
  void TearDown() override { fs::remove_all(folder); }

  Disk make() {
    PartitionOptions ext4{"PHASECACHE", "7c1f3d52-9e7b-4c4b-a7f5-50484153454b", 24, FileSystem::kExt4,
                          folder + "/content"};
    PartitionOptions vfat{"EFI", "EF00", 16, FileSystem::kVfat, folder + "/content"};
    PartitionOptions raw{"raw", "8301", 1, FileSystem::kNone, ""};
    return must(Disk::create(folder + "/disk", {ext4, vfat, raw}));
  }
  std::string image(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

TEST_F(DiskTest, HoldsPartitionsOfTheTypesAndNamesGiven) {
  const Disk disk = make();
  const auto cache = must(run_command({"sgdisk", "--info=1", disk.path()}));
  EXPECT_THAT(cache, HasSubstr("7C1F3D52-9E7B-4C4B-A7F5-50484153454B"));
  EXPECT_THAT(cache, HasSubstr("Partition name: 'PHASECACHE'"));
  EXPECT_THAT(cache, HasSubstr("First sector: 2048 "));
  EXPECT_THAT(must(run_command({"sgdisk", "--info=2", disk.path()})), HasSubstr("EFI system partition"));
  EXPECT_THAT(must(run_command({"sgdisk", "--verify", disk.path()})), HasSubstr("No problems found"));
}

TEST_F(DiskTest, GivesFilesBack) {
  Disk disk = make();
  EXPECT_THAT(must(disk.files(0)), ElementsAre("/short", "/sub/long file"));
  EXPECT_THAT(must(disk.files(1)), ElementsAre("/short", "/sub/long file"));
  for (const std::size_t partition : {0u, 1u}) {
    EXPECT_EQ(as_text(must(disk.read_file(partition, "/sub/long file"))), text);
    EXPECT_FALSE(disk.read_file(partition, "/none").ok());
  }
  must(disk.recover(0));
}

TEST_F(DiskTest, FlipsOneByteOfAFileAndNothingElse) {
  Disk disk = make();
  const Disk before = must(disk.copy_to(folder + "/before"));
  const std::uint64_t offset = 4096 + 77;
  must(disk.flip_byte(0, "/sub/long file", offset));
  std::string expected = text;
  expected[offset] = static_cast<char>(expected[offset] ^ 0xff);
  EXPECT_EQ(as_text(must(disk.read_file(0, "/sub/long file"))), expected);

  const std::string old_image = image(before.path());
  const std::string new_image = image(disk.path());
  ASSERT_EQ(old_image.size(), new_image.size());
  std::size_t differences = 0;
  for (std::size_t i = 0; i < old_image.size(); ++i) differences += old_image[i] != new_image[i];
  EXPECT_EQ(differences, 1u);
  EXPECT_NE(must(disk.sha256()), must(before.sha256()));
  EXPECT_NE(must(disk.sha256(0)), must(before.sha256(0)));
  EXPECT_EQ(must(disk.sha256(1)), must(before.sha256(1)));

  EXPECT_EQ(disk.flip_byte(0, "/short", 5).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(disk.flip_byte(0, "/none", 0).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(disk.flip_byte(1, "/short", 0).error().code, ErrorCode::kUsage);
}

TEST_F(DiskTest, SaysWhereAFileSystemIsDamaged) {
  Disk disk = make();
  std::fstream file(disk.path(), std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(1024 * 1024 + 4096);  // Group descriptors and the first bitmaps.
  const std::string rubbish(64 * 1024, '\x5a');
  file << rubbish;
  file.close();
  const auto recovered = disk.recover(0);
  ASSERT_FALSE(recovered.ok());
  EXPECT_EQ(recovered.error().code, ErrorCode::kAltered);
}

}  // namespace
}  // namespace phase::sim
