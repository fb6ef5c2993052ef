// Goal: only partitions with the one name are found, with the disk that they are on, whatever else
// the disks say. Method: uevent texts, and a folder that looks like /sys.
#include "boot/machine/block_device.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/unit/proto/support.h"

namespace phase::boot {
namespace {

namespace fs = std::filesystem;
using test::TempFolder;

constexpr const char* kPartition =
    "MAJOR=254\nMINOR=1\nDEVNAME=vda1\nDEVTYPE=partition\nDISKSEQ=9\nPARTN=1\n"
    "PARTNAME=PHASECACHE\n";

TEST(BlockUevent, IsRead) {
  const auto found = parse_block_uevent(kPartition);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->device, "vda1");
  EXPECT_EQ(found->partition_name, "PHASECACHE");
  EXPECT_EQ(found->major, 254u);
  EXPECT_EQ(found->minor, 1u);
  EXPECT_EQ(found->number, 1u);
  const auto disk = parse_block_uevent("MAJOR=254\nMINOR=0\nDEVNAME=vda\nDEVTYPE=disk\n");
  ASSERT_TRUE(disk);
  EXPECT_EQ(disk->number, 0u);
  EXPECT_EQ(disk->partition_name, "");
}

TEST(BlockUevent, ThatIsWrongIsPassedOver) {
  for (const char* text :
       {"", "\n\n", "MAJOR=254\nMINOR=1\n", "MAJOR=254\nDEVNAME=vda1\n", "MINOR=1\nDEVNAME=vda1\n",
        "MAJOR=254\nMINOR=1\nDEVNAME=../../etc/passwd\n", "MAJOR=254\nMINOR=1\nDEVNAME=a/b\n",
        "MAJOR=254\nMINOR=1\nDEVNAME=.\n", "MAJOR=254\nMINOR=1\nDEVNAME=\n",
        "MAJOR=x\nMINOR=1\nDEVNAME=vda1\n", "MAJOR=-1\nMINOR=1\nDEVNAME=vda1\n",
        "MAJOR=99999999999\nMINOR=1\nDEVNAME=vda1\n",
        "MAJOR=254\nMINOR=1\nDEVNAME=vda1\nPARTN=1x\n"}) {
    EXPECT_FALSE(parse_block_uevent(text)) << text;
  }
}

struct FakeSys : ::testing::Test {
  void add(const std::string& disk, const std::string& partition, const std::string& uevent) {
    const std::string folder = sys / ("devices/" + disk + (partition.empty() ? "" : "/" + partition));
    fs::create_directories(folder);
    fs::create_directories(sys / "class/block");
    test::write_file(folder + "/uevent", as_bytes(uevent));
    fs::create_directory_symlink(folder,
                                 sys / ("class/block/" + (partition.empty() ? disk : partition)));
  }
  TempFolder sys;
};

TEST_F(FakeSys, NamesThePartitionAndItsDisk) {
  add("vda", "", "MAJOR=254\nMINOR=0\nDEVNAME=vda\n");
  add("vda", "vda1", kPartition);
  add("vda", "vda2", "MAJOR=254\nMINOR=2\nDEVNAME=vda2\nPARTN=2\nPARTNAME=phasecache\n");
  add("vda", "vda3", "MAJOR=254\nMINOR=3\nDEVNAME=vda3\nPARTN=3\n");
  add("sdb", "", "MAJOR=8\nMINOR=16\nDEVNAME=sdb\nPARTNAME=PHASECACHE\n");
  const auto found = find_partitions("PHASECACHE", sys.path());
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found.front().partition.device, "vda1");
  EXPECT_EQ(found.front().disk.device, "vda");
  EXPECT_EQ(found.front().disk.minor, 0u);
}

TEST_F(FakeSys, WithAThousandOfThemGivesAFew) {
  add("vda", "", "MAJOR=254\nMINOR=0\nDEVNAME=vda\n");
  for (int i = 1; i <= 1000; ++i) {
    const std::string name = "vda" + std::to_string(i);
    add("vda", name, "MAJOR=254\nMINOR=" + std::to_string(i) + "\nDEVNAME=" + name +
                         "\nPARTN=" + std::to_string(i) + "\nPARTNAME=PHASECACHE\n");
  }
  const auto found = find_partitions("PHASECACHE", sys.path());
  ASSERT_EQ(found.size(), 16u);
  EXPECT_EQ(found.front().partition.device, "vda1");
}

TEST_F(FakeSys, WithoutAnyDiskGivesNone) {
  EXPECT_TRUE(find_partitions("PHASECACHE", sys.path()).empty());
}

TEST(BlockDevice, IsNotOpenedUnderAnotherNumber) {
  BlockUevent null;
  null.device = "null";  // A character device, and no partition.
  null.major = 1;
  null.minor = 3;
  EXPECT_ERROR(open_block_device(null), ErrorCode::kStore);
  null.device = "no-such-device";
  EXPECT_ERROR(open_block_device(null), ErrorCode::kStore);
}

}  // namespace
}  // namespace phase::boot
