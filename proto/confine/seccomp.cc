#include "proto/confine/seccomp.h"

#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proto/confine/filters.h"

namespace phase::confine {

bool apply(Profile profile) {
  if (profile == Profile::kNone) return true;
#ifdef __x86_64__
  const auto filter = filter_x86_64(profile);
#elif defined(__aarch64__)
  const auto filter = filter_aarch64(profile);
#else
#error "system calls of this architecture are in no profile"
#endif
  // The kernel copies it and changes nothing.
  const sock_fprog program{static_cast<unsigned short>(filter.size()),
                           const_cast<sock_filter*>(filter.data())};
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

}  // namespace phase::confine
