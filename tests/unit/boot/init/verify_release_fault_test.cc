// Goal: what a disk, a signal or another process does while the verifier reads ends in the right
// bytes or in a refusal. Method: the calls that it reads with fail, or the file changes before them.
#include <gmock/gmock.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "boot/init/verify_release.h"
#include "tests/unit/boot/init/failing_calls.h"
#include "tests/unit/boot/init/release_folder.h"

namespace phase::boot {
namespace {

using phase::test::Call;
using phase::test::expectation;
using phase::test::FailingCalls;
using phase::test::key;
using phase::test::ReleaseFolder;
using phase::test::TempFolder;
using testing::HasSubstr;

int real() {
  return 0;
}
int interrupted() {
  return EINTR;
}
int broken() {
  return EIO;
}

class VerifyReleaseFault : public testing::Test {
 protected:
  Result<VerifiedManifest> verify() {
    return verify_release(parent_.path(), release_.name(), trust_single_key(key(1).public_key()),
                          expectation());
  }
  /// The manifest takes two reads (its bytes, its end), then comes the kernel.
  Result<VerifiedManifest> verify_with_kernel_read(std::function<int()> what) {
    const FailingCalls calls(Call::kRead, {real, real, std::move(what)});
    auto verified = verify();
    EXPECT_TRUE(FailingCalls::met());
    return verified;
  }

  TempFolder parent_;
  ReleaseFolder release_{parent_.path()};
};

TEST_F(VerifyReleaseFault, ASignalChangesNothing) {
  EXPECT_TRUE(verify_with_kernel_read(interrupted).ok());
  const FailingCalls calls(Call::kRead, {interrupted, interrupted});
  EXPECT_TRUE(verify().ok());
  EXPECT_TRUE(FailingCalls::met());
}

TEST_F(VerifyReleaseFault, AFailingDiskIsNamed) {
  const auto kernel = verify_with_kernel_read(broken);
  EXPECT_ERROR(kernel, ErrorCode::kStore);
  EXPECT_THAT(kernel.error().detail, HasSubstr("kernel"));
  const FailingCalls calls(Call::kRead, {broken});
  const auto manifest = verify();
  EXPECT_ERROR(manifest, ErrorCode::kStore);
  EXPECT_THAT(manifest.error().detail, HasSubstr("manifest.dsse"));
}

// Each open file is asked once what it is, an artifact once more for its size.
TEST_F(VerifyReleaseFault, AFileThatCannotBeAskedIsRefused) {
  for (const FailingCalls::Plan& plan :
       {FailingCalls::Plan{broken}, FailingCalls::Plan{real, broken},
        FailingCalls::Plan{real, real, broken}}) {
    const FailingCalls calls(Call::kFstat, plan);
    EXPECT_ERROR(verify(), ErrorCode::kStore);
    EXPECT_TRUE(FailingCalls::met());
  }
}

TEST_F(VerifyReleaseFault, AFileThatGrowsWhileItIsReadIsRefused) {
  EXPECT_ERROR(verify_with_kernel_read([this] {
                 std::ofstream(release_.path("kernel"), std::ios::app) << "more";
                 return 0;
               }),
               ErrorCode::kLargerThanSigned);
}

TEST_F(VerifyReleaseFault, AFileThatShrinksWhileItIsReadIsRefused) {
  EXPECT_ERROR(verify_with_kernel_read([this] {
                 std::filesystem::resize_file(release_.path("kernel"), 69'999);
                 return 0;
               }),
               ErrorCode::kSmallerThanSigned);
}

}  // namespace
}  // namespace phase::boot
