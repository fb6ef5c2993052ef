// Goal: only the kernel's own files are recognised in a package, under names that cannot leave it.
#include "initramfs/kernel_path.h"

#include <gtest/gtest.h>

namespace phase::initramfs {
namespace {

using Kind = KernelPath::Kind;

TEST(KernelPath, RecognisesWhatAKernelPackageHolds) {
  const auto module = classify_kernel_path("./lib/modules/6.1.0/kernel/net/a.ko.xz");
  ASSERT_TRUE(module);
  EXPECT_EQ(module->kind, Kind::kModuleFile);
  EXPECT_EQ(module->release, "6.1.0");
  EXPECT_EQ(module->inside, "kernel/net/a.ko.xz");
  EXPECT_EQ(classify_kernel_path("usr/lib/modules/6.1.0/modules.order")->kind, Kind::kModuleFile);
  EXPECT_EQ(classify_kernel_path("./boot/vmlinuz-6.1.0-1-amd64")->release, "6.1.0-1-amd64");
  EXPECT_EQ(classify_kernel_path("boot/config-6.1.0")->kind, Kind::kConfig);
  EXPECT_EQ(classify_kernel_path("lib/modules/6.1.0/vmlinuz")->kind, Kind::kImage);
}

TEST(KernelPath, PassesOverEverythingElse) {
  for (const char* path :
       {"./", "./boot/System.map-6.1.0", "./usr/share/doc/x", "lib/modules/6.1.0/build",
        "lib/modules/6.1.0/kernel/readme", "lib/modules/.hidden/a.ko", "boot/vmlinuz-",
        "boot/vmlinuz-a/b", "lib/modules/6.1.0"}) {
    const auto found = classify_kernel_path(path);
    ASSERT_TRUE(found) << path;
    EXPECT_EQ(found->kind, Kind::kOther) << path;
  }
}

TEST(KernelPath, RefusesWhatLeavesThePackage) {
  for (const char* path : {"/etc/shadow", "../a", "./lib/modules/6.1.0/../../../etc/a.ko", "a/..",
                           "lib/modules/6.1.0/kernel/a\n.ko", ".."}) {
    EXPECT_FALSE(classify_kernel_path(path)) << path;
  }
  EXPECT_FALSE(classify_kernel_path(std::string(5000, 'a')));
}

}  // namespace
}  // namespace phase::initramfs
