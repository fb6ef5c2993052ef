// Goal: the machine that all others stand on: boots a real kernel, shows its console, ends when it
// powers off, and has disks that lose what was not flushed when the power goes. Method: Debian's
// packaged kernel and an initramfs of busybox and the modules for a disk.
#include "sim/machine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "proto/cpio_writer.h"
#include "sim/disk.h"
#include "sim/kernel_package.h"
#include "sim/must.h"
#include "sim/power_cut.h"

namespace phase::sim {
namespace {

using std::chrono::minutes;

constexpr const char* kScratch = "/run/phase-sim";

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

const KernelPackage& kernel() {
  static const auto unpacked = must(unpack_kernel(PHASE_KERNEL_PACKAGE, std::string(kScratch) + "/kernel"));
  return unpacked;
}

/// In the order in which they need each other.
std::vector<std::string> disk_modules() {
  const std::string drivers = std::string(kScratch) + "/kernel/lib/modules/" + kernel().release +
                              "/kernel/drivers/";
  return {drivers + "virtio/virtio_ring.ko", drivers + "virtio/virtio.ko",
          drivers + "virtio/virtio_pci_modern_dev.ko", drivers + "virtio/virtio_pci_legacy_dev.ko",
          drivers + "virtio/virtio_pci.ko", drivers + "block/virtio_blk.ko"};
}

std::string busybox_initramfs(std::string_view script, const std::vector<std::string>& modules = {}) {
  const std::string program = content_of("/usr/bin/busybox");
  const std::string path = std::string(kScratch) + "/busybox.cpio";
  std::ofstream out(path, std::ios::binary);
  CpioWriter cpio([&out](ByteView bytes) { out << as_text(bytes); }, 1);
  cpio.directory("dev");
  cpio.character_device("dev/console", 0600, 5, 1);
  cpio.directory("proc");
  cpio.directory("bin");
  cpio.file("bin/busybox", as_bytes(program), 0755);
  cpio.directory("modules");
  for (std::size_t i = 0; i < modules.size(); ++i) {
    cpio.file("modules/" + std::to_string(i) + ".ko", as_bytes(content_of(modules[i])));
  }
  cpio.file("init", as_bytes(script), 0755);
  cpio.finish();
  return path;
}

TEST(Machine, BootsAKernelAndEndsWhenItPowersOff) {
  MachineOptions options;
  options.kernel = kernel().vmlinuz;
  options.memory_mib = 256;
  options.command_line = "console=ttyS0 quiet word=phase";
  options.initramfs = busybox_initramfs(
      "#!/bin/busybox sh\n"
      "/bin/busybox mount -t proc proc /proc\n"
      "/bin/busybox uname -r\n"
      "/bin/busybox cat /proc/cmdline\n"
      "/bin/busybox poweroff -f\n");
  auto machine = Machine::power_on(std::move(options));
  ASSERT_TRUE(machine.ok()) << machine.error().detail;

  auto release = (*machine)->wait_for_line("^" + kernel().release, minutes(2));
  EXPECT_TRUE(release.ok()) << release.error().detail;
  auto words = (*machine)->wait_for_line("^console=ttyS0 quiet word=phase", minutes(1));
  EXPECT_TRUE(words.ok()) << words.error().detail;
  auto end = (*machine)->wait_for_end(minutes(1));
  ASSERT_TRUE(end.ok()) << end.error().detail;
  EXPECT_TRUE(end->success()) << end->text();
}

// One MiB that is flushed, one that is not: a disk of its own keeps the first whatever happens.
TEST(Machine, APowerCutLosesWhatWasNotFlushedAndNothingElse) {
  constexpr std::size_t kMiB = 1024 * 1024;
  const std::string folder = kScratch;
  const Disk before = must(Disk::create(folder + "/before", {{"raw", "8301", 4, FileSystem::kNone, ""}}));
  const Disk disk = must(before.copy_to(folder + "/disk"));
  MachineOptions options;
  options.kernel = kernel().vmlinuz;
  options.memory_mib = 256;
  options.command_line = "console=ttyS0 quiet";
  options.disks = {{disk.path(), folder + "/write-log", false}};
  options.initramfs = busybox_initramfs(
      "#!/bin/busybox sh\n"
      "/bin/busybox mount -t devtmpfs dev /dev\n"
      "for i in 0 1 2 3 4 5; do /bin/busybox insmod /modules/$i.ko; done\n"
      "while [ ! -b /dev/vda1 ]; do /bin/busybox usleep 10000; done\n"
      "/bin/busybox yes A | /bin/busybox dd of=/dev/vda1 bs=64k count=16 iflag=fullblock conv=fsync\n"
      "/bin/busybox yes B | /bin/busybox dd of=/dev/vda1 bs=64k count=16 seek=16 iflag=fullblock "
      "oflag=direct\n"
      "echo all is written\n"
      "/bin/busybox sleep 1000\n",
      disk_modules());
  auto machine = must(Machine::power_on(std::move(options)));
  (void)must(machine->wait_for_line("^all is written", minutes(2)));
  must(machine->cut_power());
  EXPECT_FALSE(machine->running());

  for (const std::uint64_t rng_seed : {1u, 2u}) {
    const Disk left = must(before.copy_to(folder + "/left"));
    const PowerCut cut = must(apply_power_cut(folder + "/write-log", left.path(), rng_seed));
    EXPECT_GE(cut.flushes, 1u);
    EXPECT_EQ(cut.at_risk, 16u);
    EXPECT_GT(cut.lost, 0u);
    EXPECT_LT(cut.lost, cut.at_risk);
    const std::string partition = content_of(left.path()).substr(kMiB, 2 * kMiB);
    EXPECT_EQ(std::count(partition.begin(), partition.end(), 'A'), static_cast<long>(kMiB / 2));
    EXPECT_EQ(std::count(partition.begin(), partition.end(), 'B'),
              static_cast<long>((16 - cut.lost) * 32 * 1024));
  }
  EXPECT_FALSE(apply_power_cut(folder + "/write-log", folder + "/none", 1).ok());
}

}  // namespace
}  // namespace phase::sim
