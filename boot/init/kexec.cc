#include "boot/init/kexec.h"

#include <linux/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "boot/init/small_file.h"

namespace phase::boot {
namespace {

constexpr const char* kSecureBootVariable =
    "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";

KexecFacts read_facts() {
  KexecFacts facts;
  facts.lockdown = read_small_file("/sys/kernel/security/lockdown", 256).value_or("");
  while (!facts.lockdown.empty() && facts.lockdown.back() == '\n') facts.lockdown.pop_back();
  const auto disabled = read_small_file("/proc/sys/kernel/kexec_load_disabled", 16);
  facts.load_disabled = disabled && disabled->starts_with("1");
  // Four bytes of attributes, then the value.
  const auto secure = read_small_file(kSecureBootVariable, 16);
  facts.secure_boot = secure && secure->size() == 5 && (*secure)[4] == 1;
  return facts;
}

std::string remedy(int reason, const KexecFacts& facts) {
  switch (reason) {
    case ENOSYS:
      return "this kernel has no kexec_file_load (CONFIG_KEXEC_FILE): start from one that has it";
    case EPERM:
      if (facts.load_disabled) {
        return "kernel.kexec_load_disabled is 1 and cannot be set back: restart this machine "
               "without the setting";
      }
      if (!facts.lockdown.empty() && facts.lockdown.find("[none]") == std::string::npos) {
        return "the kernel is locked down (" + facts.lockdown +
               ") and takes only kernels signed by a key that it trusts: publish a signed kernel, "
               "or switch off Secure Boot";
      }
      return "the kernel forbids it";
    case ENODATA:
    case EBADMSG:
    case ELIBBAD:
      return std::string("the published kernel carries no signature that this kernel accepts") +
             (facts.secure_boot ? ", and Secure Boot is on" : "") +
             ": publish a kernel signed by the distribution, or switch off Secure Boot";
    case ENOKEY:
    case EKEYREJECTED:
      return "the published kernel is signed by a key that this kernel does not trust: publish one "
             "signed by the distribution, or enrol the key";
    case ENOEXEC:
      return "the published kernel is no image that this kernel can load; on 32-bit UEFI firmware, "
             "start with efi=noruntime";
    case EINVAL:
      return "kernel and initramfs together exceed half of the memory, or the command line is too "
             "long for the published kernel: give the machine more memory";
    case ENOMEM:
    case EADDRNOTAVAIL:
      return "not enough free memory to place kernel and initramfs: give the machine more memory";
    case EBUSY:
      return "another kexec is being loaded";
    default:
      return "see the kernel log";
  }
}

}  // namespace

Error explain_kexec(int reason, const KexecFacts& facts) {
  const char* name = ::strerrorname_np(reason);
  return {ErrorCode::kKexec, std::string("kexec_file_load: ") +
                                 (name != nullptr ? name : std::to_string(reason).c_str()) + " (" +
                                 std::strerror(reason) + "): " + remedy(reason, facts)};
}

Result<void> load_kernel(int kernel, int initramfs, const std::string& cmdline) {
  const long done = ::syscall(SYS_kexec_file_load, kernel, initramfs, cmdline.size() + 1,
                              cmdline.c_str(), 0UL);
  if (done == 0) return {};
  const int reason = errno;  // Reading the facts changes it.
  return explain_kexec(reason, read_facts());
}

Error jump() {
  ::sync();
  ::syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC, nullptr);
  return {ErrorCode::kKexec,
          std::string("the jump into the loaded kernel was refused: ") + std::strerror(errno)};
}

}  // namespace phase::boot
