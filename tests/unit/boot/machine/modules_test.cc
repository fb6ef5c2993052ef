// What can be said without loading anything; the virtual machines load real modules.
#include "boot/machine/modules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace phase::boot {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ModulesTest : public ::testing::Test {
 protected:
  ModulesTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "phase-modules-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
  }
  ~ModulesTest() override { std::filesystem::remove_all(root_); }

  /// depmod's index format with no entry: magic, version 2.1, no root node.
  void write_empty_indexes() const {
    const std::string empty("\xb0\x07\xf4\x57\x00\x02\x00\x01\x00\x00\x00\x00", 12);
    for (const char* name : {"dep", "alias", "symbols", "builtin", "builtin.alias"}) {
      std::ofstream(root_ + "/modules." + name + ".bin", std::ios::binary) << empty;
    }
  }

  std::string root_;
};

TEST_F(ModulesTest, AFolderWithoutModulesIsNotFound) {
  const auto modules = Modules::open(root_);
  ASSERT_FALSE(modules.ok());
  EXPECT_EQ(modules.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(modules.error().detail, HasSubstr("modules.dep.bin"));
}

TEST_F(ModulesTest, AModuleThatIsNotThereIsNamedAndIsNoFailureOfTheRest) {
  write_empty_indexes();
  auto modules = Modules::open(root_);
  ASSERT_TRUE(modules.ok()) << modules.error().detail;
  ModulesReport report;
  const auto done = modules->load("no_such_module", report);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(done.error().detail, HasSubstr("no_such_module"));
  EXPECT_THAT(report.loaded, IsEmpty());
  EXPECT_THAT(report.failures, IsEmpty());
}

TEST_F(ModulesTest, HardwareThatNobodyClaimsIsNoFailure) {
  write_empty_indexes();
  const std::string device = root_ + "/sys/bus/pci/devices/0000:00:01.0";
  std::filesystem::create_directories(device);
  std::ofstream(device + "/modalias") << "pci:v00001AF4d00001000sv*\n";
  std::filesystem::create_directories(root_ + "/sys/bus/usb/devices/without-modalias");
  auto modules = Modules::open(root_);
  ASSERT_TRUE(modules.ok());
  ModulesReport report;
  modules->load_for_hardware(report, root_ + "/sys");
  EXPECT_THAT(report.loaded, IsEmpty());
  EXPECT_THAT(report.failures, IsEmpty());
}

TEST(StorageModules, AreToldByWhereKernelsKeepThem) {
  for (const char* storage :
       {"kernel/drivers/block/virtio_blk.ko", "kernel/drivers/ata/ahci.ko.xz",
        "kernel/drivers/scsi/sd_mod.ko", "kernel/drivers/scsi/virtio_scsi.ko.zst",
        "kernel/drivers/nvme/host/nvme.ko", "kernel/drivers/mmc/host/sdhci.ko",
        "kernel/drivers/usb/storage/usb-storage.ko", "kernel/drivers/md/dm-mod.ko",
        "kernel/drivers/message/fusion/mptspi.ko", "kernel/drivers/ufs/host/ufshcd-pci.ko",
        "kernel/drivers/nvdimm/nd_pmem.ko", "kernel/fs/ext4/ext4.ko", "kernel/fs/fat/vfat.ko",
        "/kernel/drivers/block/loop.ko", "drivers/block/loop.ko", "extra/fs/zfs.ko"}) {
    EXPECT_TRUE(is_storage_module(storage)) << storage;
  }
  for (const char* other :
       {"kernel/drivers/net/virtio_net.ko", "kernel/drivers/virtio/virtio_pci.ko",
        "kernel/drivers/net/ethernet/intel/e1000/e1000.ko", "kernel/drivers/usb/host/xhci-pci.ko",
        "kernel/drivers/net/usb/r8152.ko", "kernel/net/core/failover.ko", "kernel/lib/crc32.ko",
        "kernel/drivers/usb/core/usbcore.ko", "kernel/drivers/virtio/virtio_ring.ko",
        "kernel/crypto/blockcipher.ko", ""}) {
    EXPECT_FALSE(is_storage_module(other)) << other;
  }
}

/// phase_card claims network cards and needs a symbol of phase_disk, which lies among the drivers
/// of disks; the indexes are depmod's own. No kernel takes either.
class StorageTest : public ModulesTest {
 protected:
  void SetUp() override {
    folder_ = root_ + "/lib/modules/1.0";
    copy(FIXTURE_FAILOVER, "/kernel/drivers/block/phase_disk.ko");
    copy(FIXTURE_VIRTIO_NET, "/kernel/drivers/net/phase_card.ko");
    const std::string depmod = "PATH=$PATH:/sbin:/usr/sbin depmod -b " + root_ + " 1.0 2>/dev/null";
    ASSERT_EQ(std::system(depmod.c_str()), 0);
    const std::string device = root_ + "/sys/bus/virtio/devices/virtio0";
    std::filesystem::create_directories(device);
    std::ofstream(device + "/modalias") << "virtio:d00000001v00001AF4\n";
  }
  void copy(const std::string& from, const std::string& to) const {
    std::filesystem::create_directories(std::filesystem::path(folder_ + to).parent_path());
    std::filesystem::copy_file(from, folder_ + to);
  }
  std::string folder_;
};

// What is allowed gets as far as the kernel, which refuses these; what is not never does.
TEST_F(StorageTest, ADriverOfDisksIsNeverLoadedWhateverNeedsIt) {
  auto allowed = Modules::open(folder_, Storage::kAllowed);
  ASSERT_TRUE(allowed.ok()) << allowed.error().detail;
  ModulesReport tried;
  for (const char* name : {"phase_disk", "phase_card"}) {
    const auto done = allowed->load(name, tried);
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().code, ErrorCode::kInternal) << done.error().detail;
  }
  allowed->load_for_hardware(tried, root_ + "/sys");
  EXPECT_EQ(tried.failures.size(), 3u);

  auto never = Modules::open(folder_, Storage::kNever);
  ASSERT_TRUE(never.ok()) << never.error().detail;
  ModulesReport report;
  for (const char* name : {"phase_disk", "phase_card"}) {
    const auto done = never->load(name, report);
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().code, ErrorCode::kNotFound) << done.error().detail;
    EXPECT_THAT(done.error().detail, HasSubstr("phase_disk"));
  }
  EXPECT_EQ(report.failures.size(), 2u);
  never->load_for_hardware(report, root_ + "/sys");
  EXPECT_EQ(report.failures.size(), 2u) << "hardware whose driver is left out is no failure";
  EXPECT_THAT(report.loaded, IsEmpty());
}

}  // namespace
}  // namespace phase::boot
