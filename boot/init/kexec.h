// boot/init/kexec.h
// Loads the next kernel with kexec_file_load and jumps into it. The kernel reads both files
// itself, through the descriptors given, so a file system frozen before is what it loads.
#pragma once

#include <string>

#include "proto/result.h"

namespace phase::boot {

/// What a refusal is explained with; read from /proc and /sys by load_kernel().
struct KexecFacts {
  std::string lockdown;        ///< /sys/kernel/security/lockdown; empty: cannot be read.
  bool load_disabled = false;  ///< /proc/sys/kernel/kexec_load_disabled
  bool secure_boot = false;    ///< By the EFI variable.
};

/// Names `reason` (an errno of kexec_file_load) and what to do about it. Pure.
[[nodiscard]] Error explain_kexec(int reason, const KexecFacts& facts);

/// kKexec.
[[nodiscard]] Result<void> load_kernel(int kernel, int initramfs, const std::string& cmdline);

/// Starts what was loaded; returns only where the kernel refused.
[[nodiscard]] Error jump();

}  // namespace phase::boot
