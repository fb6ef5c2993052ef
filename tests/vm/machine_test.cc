// Goal: the machine that all others stand on: boots a real kernel, shows its console, ends when it
// powers off. Method: Debian's packaged kernel and an initramfs of busybox alone.
#include "sim/machine.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "proto/cpio_writer.h"
#include "sim/kernel_package.h"

namespace phase::sim {
namespace {

using std::chrono::minutes;

constexpr const char* kScratch = "/run/phase-sim";

std::string busybox_initramfs(std::string_view script) {
  std::ifstream busybox("/usr/bin/busybox", std::ios::binary);
  const std::string program{std::istreambuf_iterator<char>(busybox), {}};
  const std::string path = std::string(kScratch) + "/busybox.cpio";
  std::ofstream out(path, std::ios::binary);
  CpioWriter cpio([&out](ByteView bytes) { out << as_text(bytes); }, 1);
  cpio.directory("dev");
  cpio.character_device("dev/console", 0600, 5, 1);
  cpio.directory("proc");
  cpio.directory("bin");
  cpio.file("bin/busybox", as_bytes(program), 0755);
  cpio.file("init", as_bytes(script), 0755);
  cpio.finish();
  return path;
}

TEST(Machine, BootsAKernelAndEndsWhenItPowersOff) {
  auto kernel = unpack_kernel(PHASE_KERNEL_PACKAGE, std::string(kScratch) + "/kernel");
  ASSERT_TRUE(kernel.ok()) << kernel.error().detail;
  MachineOptions options;
  options.kernel = kernel->vmlinuz;
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

  auto release = (*machine)->wait_for_line("^" + kernel->release, minutes(2));
  EXPECT_TRUE(release.ok()) << release.error().detail;
  auto words = (*machine)->wait_for_line("^console=ttyS0 quiet word=phase", minutes(1));
  EXPECT_TRUE(words.ok()) << words.error().detail;
  auto end = (*machine)->wait_for_end(minutes(1));
  ASSERT_TRUE(end.ok()) << end.error().detail;
  EXPECT_TRUE(end->success()) << end->text();
}

}  // namespace
}  // namespace phase::sim
