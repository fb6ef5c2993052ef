#include "dht/lan/confine.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <initializer_list>

#include "proto/confine/landlock.h"
#include "proto/confine/seccomp.h"

namespace phase::dht::lan {
namespace {

constexpr unsigned kGraceSeconds = 2;
constexpr uid_t kNobody = 65534;

// A signal handler has nothing else to write to.
volatile std::sig_atomic_t end_asked = 0;

void on_signal(int /*number*/) { ask_to_end(); }

bool handle_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;  // No SA_RESTART: poll() has to return.
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
    if (sigaction(number, &action, nullptr) != 0) return false;
  }
  return std::signal(SIGPIPE, SIG_IGN) != SIG_ERR;
}

/// Where there is no right to change the user (a container), capabilities go all the same.
bool become_nobody() {
  if (geteuid() != 0) return true;
  if (setgroups(0, nullptr) != 0) return errno == EPERM;
  if (setresgid(kNobody, kNobody, kNobody) != 0) return errno == EPERM;
  return setresuid(kNobody, kNobody, kNobody) == 0 || errno == EPERM;
}

bool drop_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct held[2]{};
  const bool known = syscall(SYS_capget, &header, held) == 0;
  // A service manager that gave us none may not let us ask for none either.
  if (known && held[0].permitted == 0 && held[1].permitted == 0) return true;
  __user_cap_data_struct none[2]{};
  return syscall(SYS_capset, &header, none) == 0;
}

bool limit(std::size_t max_memory) {
  const auto set = [](__rlimit_resource what, rlim_t value) {
    rlimit both{};
    // Whoever started us may have set a lower one, which nobody without rights can raise.
    if (getrlimit(what, &both) != 0) return false;
    both.rlim_cur = both.rlim_max = std::min(both.rlim_max, value);
    return setrlimit(what, &both) == 0;
  };
#ifndef __SANITIZE_ADDRESS__  // Its shadow memory takes terabytes of addresses.
  if (!set(RLIMIT_AS, max_memory)) return false;
#else
  (void)max_memory;
#endif
  return set(RLIMIT_CORE, 0) && set(RLIMIT_FSIZE, 0) && set(RLIMIT_NPROC, 0);
}

bool hold_to(confine::Profile profile) {
#ifndef __SANITIZE_ADDRESS__  // At the end it looks for leaks, as a debugger would.
  return confine::apply(profile);
#else
  (void)profile;
  return true;
#endif
}

}  // namespace

void ask_to_end() {
  if (end_asked == 0) alarm(kGraceSeconds);
  end_asked = 1;
}

bool asked_to_end() { return end_asked != 0; }

const char* give_up_rights(std::size_t max_memory, confine::Profile profile) {
  if (syscall(SYS_close_range, 3U, ~0U, 0U) != 0) return "close descriptors";
  if (!handle_signals()) return "signals";
  if (!become_nobody()) return "change the user";
  if (!drop_capabilities()) return "drop capabilities";
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return "no_new_privs";
  // Changing the user clears it, hence here.
  if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0) return "parent death signal";
  if (!limit(max_memory)) return "limits";
  if (confine::apply(confine::FileRules{}) == confine::Landlock::kFailed) return "Landlock";
  if (!hold_to(profile)) return "seccomp";
  return nullptr;
}

}  // namespace phase::dht::lan
