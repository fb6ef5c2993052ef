// Goal: a refused kexec names the reason and what to do. Method: each errno that
// kexec_file_load(2) gives; the call itself only with descriptors that cannot be loaded.
#include "boot/init/kexec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace phase::boot {
namespace {

using testing::HasSubstr;

TEST(Kexec, NamesReasonAndRemedy) {
  const std::pair<int, const char*> cases[] = {{ENOSYS, "CONFIG_KEXEC_FILE"},
                                               {ENODATA, "signature"},
                                               {EKEYREJECTED, "does not trust"},
                                               {ENOEXEC, "efi=noruntime"},
                                               {EINVAL, "half of the memory"},
                                               {ENOMEM, "more memory"},
                                               {EADDRNOTAVAIL, "more memory"},
                                               {EBUSY, "another kexec"},
                                               {EIO, "kernel log"}};
  for (const auto& [reason, remedy] : cases) {
    const Error error = explain_kexec(reason, {});
    EXPECT_EQ(error.code, ErrorCode::kKexec);
    EXPECT_THAT(error.detail, HasSubstr("kexec_file_load: E"));
    EXPECT_THAT(error.detail, HasSubstr(remedy));
  }
}

TEST(Kexec, TellsTheReasonsOfEpermApart) {
  EXPECT_THAT(explain_kexec(EPERM, {.lockdown = "", .load_disabled = true}).detail,
              HasSubstr("kexec_load_disabled is 1"));
  EXPECT_THAT(
      explain_kexec(EPERM, {.lockdown = "none [integrity] confidentiality"}).detail,
      HasSubstr("locked down (none [integrity] confidentiality)"));
  EXPECT_THAT(explain_kexec(EPERM, {.lockdown = "[none] integrity confidentiality"}).detail,
              HasSubstr("the kernel forbids it"));
  EXPECT_THAT(explain_kexec(ENODATA, {.lockdown = "", .load_disabled = false, .secure_boot = true})
                  .detail,
              HasSubstr("Secure Boot is on"));
}

// Which refusal depends on who runs this and on which kernel; the system call itself says.
TEST(Kexec, PassesTheKernelsRefusalOn) {
  ASSERT_EQ(::syscall(SYS_kexec_file_load, -1, -1, 6UL, "quiet", 0UL), -1);
  const std::string name = ::strerrorname_np(errno);
  const auto refused = load_kernel(-1, -1, "quiet");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kKexec);
  EXPECT_THAT(refused.error().detail, HasSubstr("kexec_file_load: " + name + " ("));
}

}  // namespace
}  // namespace phase::boot
