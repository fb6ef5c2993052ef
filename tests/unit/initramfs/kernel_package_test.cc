// Goal: kernels are found in packages and trees alike; a hostile package writes nothing outside
// the work folder and is refused in words. Method: real packages made with libarchive.
#include "initramfs/kernel_package.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "support.h"

namespace phase::initramfs {
namespace {

namespace fs = std::filesystem;
using namespace testing;  // NOLINT: the fixtures
using ::testing::HasSubstr;

const Cancelled kNever = [] { return false; };

class KernelPackage : public ::testing::Test {
 protected:
  Result<KernelTree> open(const Bytes& package, const Cancelled& cancelled = kNever) {
    const std::string path = folder_.path() + "/kernel.deb";
    write_text(path, std::string(as_text(package)));
    return open_kernel(path, work(), cancelled);
  }
  [[nodiscard]] std::string work() const { return folder_.path() + "/a/b/work"; }

  /// Everything in the test's folder but the package and what is below the work folder.
  [[nodiscard]] std::vector<std::string> outside() const {
    std::vector<std::string> out;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
      const std::string path = entry.path().string();
      if (!entry.is_directory() && !path.starts_with(work()) && !path.ends_with("/kernel.deb")) {
        out.push_back(path);
      }
    }
    return out;
  }

  WorkDir folder_ = temporary_folder();
};

TEST_F(KernelPackage, FindsReleaseImageConfigAndModules) {
  const auto kernel = open(make_deb(kControl + "Architecture: amd64\n", kernel_entries()));
  ASSERT_TRUE(kernel.ok()) << kernel.error().detail;
  EXPECT_EQ(kernel->release, kRelease);
  EXPECT_EQ(kernel->package_arch, "amd64");
  EXPECT_EQ(read_text(kernel->image), "the kernel image");
  EXPECT_THAT(read_text(kernel->config), HasSubstr("CONFIG_RD_ZSTD=y"));
  EXPECT_EQ(read_text(kernel->modules() + "/kernel/net/core/failover.ko"), failover_module());
  EXPECT_FALSE(fs::exists(work() + "/usr"));
}

TEST_F(KernelPackage, RefusesPathsThatLeaveIt) {
  for (const char* path :
       {"./lib/modules/6.1.0/../../../../escaped.ko", "../escaped.ko", "/escaped.ko"}) {
    auto entries = kernel_entries();
    entries.push_back({path, failover_module(), {}, {}});
    const auto kernel = open(make_deb(kControl, entries));
    ASSERT_FALSE(kernel.ok()) << path;
    EXPECT_EQ(kernel.error().code, ErrorCode::kMalformed);
    EXPECT_THAT(kernel.error().detail, HasSubstr("leaves the package"));
    EXPECT_THAT(outside(), ::testing::IsEmpty());
    fs::remove_all(work());
  }
}

// The classic: a link to a folder outside, then a file "below" it.
TEST_F(KernelPackage, RefusesLinksInPlaceOfItsFiles) {
  const std::string modules = std::string("./lib/modules/") + kRelease;
  const TarEntry hostile[] = {
      {modules + "/kernel/drivers/net/e1000.ko", {}, "/etc/passwd", {}},
      {modules + "/kernel/drivers/net/e1000.ko", {}, {}, "./usr/share/doc/linux/copyright"},
      {std::string("./boot/config-") + kRelease, {}, "/etc/shadow", {}},
  };
  for (const TarEntry& entry : hostile) {
    auto entries = kernel_entries();
    entries.insert(entries.begin(), entry);
    const auto kernel = open(make_deb(kControl, entries));
    ASSERT_FALSE(kernel.ok());
    EXPECT_THAT(kernel.error().detail, HasSubstr("is a link")) << entry.path;
    fs::remove_all(work());
  }
  auto entries = kernel_entries();
  entries.insert(entries.begin(), {modules + "/kernel/net", {}, folder_.path(), {}});
  const auto kernel = open(make_deb(kControl, entries));
  ASSERT_TRUE(kernel.ok()) << kernel.error().detail;
  EXPECT_THAT(outside(), ::testing::IsEmpty());
}

TEST_F(KernelPackage, RefusesTheSameFileTwice) {
  auto entries = kernel_entries();
  entries.push_back(entries.at(2));
  const auto kernel = open(make_deb(kControl, entries));
  ASSERT_FALSE(kernel.ok());
  EXPECT_THAT(kernel.error().detail, HasSubstr("twice"));
}

TEST_F(KernelPackage, RefusesAMetapackageWithTheNameOfTheRealOne) {
  const std::string control =
      "Package: linux-image-cloud-amd64\nDepends: linux-image-6.1.0-56-cloud-amd64 (= 6.1.192-2)\n";
  const auto kernel = open(make_deb(control, {{"./usr/share/doc/x", "text", {}, {}}}));
  ASSERT_FALSE(kernel.ok());
  EXPECT_EQ(kernel.error().code, ErrorCode::kUsage);
  EXPECT_THAT(kernel.error().detail,
              HasSubstr("apt-get download linux-image-6.1.0-56-cloud-amd64)"));
}

TEST_F(KernelPackage, RefusesAnotherPackageAnRpmAndWhatIsNoPackage) {
  const auto other =
      open(make_deb("Package: hello\nDepends: libc6\n", {{"./usr/bin/hello", "x", {}, {}}}));
  ASSERT_FALSE(other.ok());
  EXPECT_THAT(other.error().detail, HasSubstr("hello has no lib/modules"));
  const Bytes rpm{0xed, 0xab, 0xee, 0xdb, 3, 0, 0, 0};
  ASSERT_FALSE(open(rpm).ok());
  EXPECT_THAT(open(rpm).error().detail, HasSubstr("RPM"));
  for (const std::string text : {"", "hello", "!<arch>\n"}) {
    const auto kernel = open(Bytes(text.begin(), text.end()));
    ASSERT_FALSE(kernel.ok());
    EXPECT_EQ(kernel.error().code, ErrorCode::kMalformed) << text;
  }
  const auto missing = open_kernel(folder_.path() + "/none.deb", work(), kNever);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
}

// Cut at many lengths: an error each time, never a kernel with half its modules.
TEST_F(KernelPackage, RefusesATruncatedPackage) {
  const Bytes whole = make_deb(kControl, kernel_entries());
  int refused = 0;
  for (std::size_t size = 0; size + 64 < whole.size(); size += 37) {
    const auto kernel =
        open(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    ASSERT_FALSE(kernel.ok()) << size << " of " << whole.size();
    ++refused;
    fs::remove_all(work());
  }
  EXPECT_GT(refused, 10);
}

TEST_F(KernelPackage, RefusesSeveralReleasesByName) {
  auto entries = kernel_entries();
  entries.push_back({"./lib/modules/6.9.9/kernel/net/core/failover.ko", failover_module(), {}, {}});
  const auto kernel = open(make_deb(kControl, entries));
  ASSERT_FALSE(kernel.ok());
  EXPECT_EQ(kernel.error().code, ErrorCode::kUsage);
  EXPECT_THAT(kernel.error().detail, HasSubstr("6.1.0-test-amd64, 6.9.9"));
}

TEST_F(KernelPackage, StopsOnRequest) {
  const auto kernel = open(make_deb(kControl, kernel_entries()), [] { return true; });
  ASSERT_FALSE(kernel.ok());
  EXPECT_EQ(kernel.error().code, ErrorCode::kCancelled);
}

TEST_F(KernelPackage, OpensAnUnpackedTree) {
  const std::string tree = folder_.path() + "/tree";
  for (const TarEntry& entry : kernel_entries()) write_text(tree + "/" + entry.path, entry.content);
  fs::create_directory_symlink("/usr/src", tree + "/lib/modules/" + kRelease + "/build");
  const auto kernel = open_kernel(tree, work(), kNever);
  ASSERT_TRUE(kernel.ok()) << kernel.error().detail;
  EXPECT_EQ(kernel->release, kRelease);
  EXPECT_EQ(read_text(kernel->image), "the kernel image");
  EXPECT_EQ(read_text(kernel->modules() + "/kernel/net/core/failover.ko"), failover_module());
  EXPECT_FALSE(fs::exists(kernel->modules() + "/build"));
  EXPECT_GT(kernel->mtime, 0);
}

TEST_F(KernelPackage, RefusesATreeWhoseLinksLeadOutOfIt) {
  const std::string tree = folder_.path() + "/tree";
  for (const TarEntry& entry : kernel_entries()) write_text(tree + "/" + entry.path, entry.content);
  write_text(folder_.path() + "/secret.ko", "outside");
  fs::create_symlink(folder_.path() + "/secret.ko",
                     tree + "/lib/modules/" + kRelease + "/kernel/net/core/secret.ko");
  const auto kernel = open_kernel(tree, work(), kNever);
  ASSERT_FALSE(kernel.ok());
  EXPECT_EQ(kernel.error().code, ErrorCode::kMalformed);
  EXPECT_THAT(kernel.error().detail, HasSubstr("leads out of the tree"));
}

TEST_F(KernelPackage, RefusesATreeWithoutModulesOrWithSeveralKernels) {
  const std::string tree = folder_.path() + "/tree";
  fs::create_directories(tree + "/lib/modules");
  EXPECT_EQ(open_kernel(tree, work(), kNever).error().code, ErrorCode::kUsage);
  write_text(tree + "/lib/modules/6.1.0/modules.order", "");
  write_text(tree + "/lib/modules/6.2.0/modules.order", "");
  EXPECT_THAT(open_kernel(tree, work(), kNever).error().detail, HasSubstr("6.1.0, 6.2.0"));
}

}  // namespace
}  // namespace phase::initramfs
