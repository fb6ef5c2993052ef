// Goal: a cache partition is told from every other one, and what is on it by its file system.
// Method: images of disks made by sgdisk, mkfs.ext4 and mkfs.vfat, handed over as descriptors.
#include "boot/machine/disk_probe.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "boot/machine/cache_disk.h"
#include "proto/fd.h"
#include "tests/unit/proto/support.h"

namespace phase::boot {
namespace {

namespace fs = std::filesystem;
using test::TempFolder;

struct DiskProbe : ::testing::Test {
  DiskProbe() {
    sparse("disk", 64);
    sparse("partition", 32);
  }
  void sparse(const std::string& name, std::uintmax_t mib) const {
    std::ofstream(folder / name).close();
    fs::resize_file(folder / name, mib << 20);
  }
  void must(const std::vector<std::string>& command) const {
    const auto ran = test::run(folder.path(), command);
    ASSERT_EQ(ran.status, 0) << command.front() << ": " << ran.output;
  }
  void table(const std::string& type = kCachePartitionType,
             const std::string& name = kCachePartitionName) const {
    must({"sgdisk", "-n", "1:0:+8M", "-t", "1:8300", "-c", "1:other", "-n", "2:0:+32M", "-t",
          "2:" + type, "-c", "2:" + name, "disk"});
  }
  [[nodiscard]] FileSystem probe(unsigned number = 2) const {
    const Fd disk(::open((folder / "disk").c_str(), O_RDONLY | O_CLOEXEC));
    const Fd partition(::open((folder / "partition").c_str(), O_RDONLY | O_CLOEXEC));
    return probe_partition({.disk = disk.get(),
                            .partition = partition.get(),
                            .number = number,
                            .type = kCachePartitionType,
                            .name = kCachePartitionName});
  }
  TempFolder folder;
};

TEST_F(DiskProbe, TellsExt4AndVfat) {
  table();
  EXPECT_EQ(probe(), FileSystem::kNone);
  must({"mkfs.ext4", "-q", "-F", "partition"});
  EXPECT_EQ(probe(), FileSystem::kExt4);
  sparse("partition", 32);
  must({"mkfs.vfat", "-n", "ANYTHING", "partition"});
  EXPECT_EQ(probe(), FileSystem::kVfat);
  sparse("partition", 32);
  must({"mkfs.ext2", "-q", "-F", "partition"});
  EXPECT_EQ(probe(), FileSystem::kOther);
}

TEST_F(DiskProbe, TakesWhatThePageMakes) {
  std::ifstream page(PHASE_SOURCE_DIR "/docs/CACHE.md");
  std::string script = "set -e\nDISK=disk\nPARTITION=partition\n";
  bool inside = false;
  bool found = false;
  for (std::string line; std::getline(page, line);) {
    if (line == "```") inside = false;
    if (inside) script += line + "\n";
    if (line == "```sh disk") found = inside = true;
  }
  ASSERT_TRUE(found);
  must({"sh", "-c", script});
  EXPECT_EQ(probe(1), FileSystem::kExt4);
}

TEST_F(DiskProbe, PassesOverEveryOtherPartition) {
  must({"mkfs.ext4", "-q", "-F", "partition"});
  EXPECT_EQ(probe(), FileSystem::kNotOurs) << "no table at all";
  table();
  EXPECT_EQ(probe(1), FileSystem::kNotOurs) << "the partition before it";
  EXPECT_EQ(probe(3), FileSystem::kNotOurs) << "one that is not there";
  sparse("disk", 64);
  table("8300");
  EXPECT_EQ(probe(), FileSystem::kNotOurs) << "the right name alone";
  sparse("disk", 64);
  table(kCachePartitionType, "PHASECACHES");
  EXPECT_EQ(probe(), FileSystem::kNotOurs) << "the right type alone";
}

TEST_F(DiskProbe, RefusesAJournalOnAnotherDevice) {
  table();
  must({"mkfs.ext4", "-q", "-F", "-O", "^metadata_csum", "partition"});
  ASSERT_EQ(probe(), FileSystem::kExt4);
  std::fstream partition(folder / "partition", std::ios::in | std::ios::out | std::ios::binary);
  partition.seekp(1024 + 0xE4);
  partition.put(8).put(1);  // sda1
  partition.close();
  EXPECT_EQ(probe(), FileSystem::kForeignJournal);
}

TEST_F(DiskProbe, SurvivesWhatIsNoDisk) {
  table();
  must({"mkfs.ext4", "-q", "-F", "partition"});
  fs::resize_file(folder / "disk", 700);
  EXPECT_EQ(probe(), FileSystem::kNotOurs);
  sparse("disk", 64);
  table();
  fs::resize_file(folder / "partition", 1'030);
  EXPECT_EQ(probe(), FileSystem::kNone);
}

}  // namespace
}  // namespace phase::boot
