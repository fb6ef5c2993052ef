#include "boot/machine/child.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstring>

#include "proto/confine/seccomp.h"

namespace phase::boot {
namespace {

/// What the child tells when a step failed; nothing comes where all went well.
struct Failure {
  int error;
  char step[32];
};

class Failing {
 public:
  explicit Failing(int report) : report_(report) {}
  /// Ends the child with `step` as the reason unless `done`.
  void unless(bool done, const char* step) const {
    if (done) return;
    Failure failure{errno, {}};
    std::strncpy(failure.step, step, sizeof failure.step - 1);
    // The parent sees a short or missing record as a failure too.
    if (write(report_, &failure, sizeof failure) < 0) _exit(126);
    _exit(127);
  }
  [[nodiscard]] int report() const { return report_; }

 private:
  int report_;
};

void reset_signals() {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int number = 1; number < NSIG; ++number) {
    std::signal(number, SIG_DFL);  // Refused for SIGKILL, SIGSTOP and libc's own; as it must be.
  }
}

/// The report pipe and what is named move out of the way first, then into place, so that no
/// number is overwritten before it was moved. Returns where the report pipe is now.
int arrange_descriptors(const Confinement& confinement, const Failing& failing) {
  int highest = 2;
  for (const auto& [ours, theirs] : confinement.descriptors) highest = std::max(highest, theirs);
  const int above = highest + 1;
  const int report = fcntl(failing.report(), F_DUPFD_CLOEXEC, above);
  failing.unless(report >= 0, "descriptors");
  std::vector<std::pair<int, int>> moved;
  for (const auto& [ours, theirs] : confinement.descriptors) {
    moved.emplace_back(fcntl(ours, F_DUPFD_CLOEXEC, above), theirs);
    failing.unless(moved.back().first >= 0, "descriptors");
  }
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  failing.unless(null >= 0, "open /dev/null");
  const int null_above = fcntl(null, F_DUPFD_CLOEXEC, above);
  for (int standard = 0; standard <= 2; ++standard) {
    failing.unless(dup2(null_above, standard) >= 0, "descriptors");
  }
  for (const auto& [ours, theirs] : moved) {
    failing.unless(dup2(ours, theirs) >= 0, "descriptors");
  }
  return report;
}

void close_others(const Confinement& confinement, int report) {
  std::vector<int> kept = {0, 1, 2, report};
  for (const auto& [ours, theirs] : confinement.descriptors) kept.push_back(theirs);
  std::sort(kept.begin(), kept.end());
  unsigned next = 0;
  for (const int fd : kept) {
    if (static_cast<unsigned>(fd) > next) {
      syscall(SYS_close_range, next, static_cast<unsigned>(fd) - 1, 0);
    }
    next = static_cast<unsigned>(fd) + 1;
  }
  syscall(SYS_close_range, next, UINT_MAX, 0);
}

bool wanted(const Confinement& confinement, int capability) {
  return std::find(confinement.capabilities.begin(), confinement.capabilities.end(), capability) !=
         confinement.capabilities.end();
}

/// The last capability this kernel knows is found by asking.
void drop_bounding_set(const Confinement& confinement, const Failing& failing) {
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
    if (wanted(confinement, capability)) continue;
    const bool done = prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0;
    // Without CAP_SETPCAP there is nothing to drop for somebody who has no capabilities at all.
    failing.unless(done || geteuid() != 0, "drop capabilities");
  }
}

void set_capabilities(const Confinement& confinement, const Failing& failing) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  for (const int capability : confinement.capabilities) {
    auto& set = sets[static_cast<std::size_t>(capability) / 32];
    const auto bit = std::uint32_t{1} << (capability % 32);
    set.effective |= bit;
    set.permitted |= bit;
    set.inheritable |= bit;
  }
  failing.unless(syscall(SYS_capset, &header, sets.data()) == 0, "set capabilities");
  for (const int capability : confinement.capabilities) {
    failing.unless(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) == 0,
                   "raise ambient capability");
  }
}

void drop_privileges(const Confinement& confinement, const Failing& failing) {
  if (!confinement.keep_all_capabilities) drop_bounding_set(confinement, failing);
  if (geteuid() == 0) {
    failing.unless(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0, "keep capabilities");
    failing.unless(setgroups(0, nullptr) == 0, "setgroups");
  }
  if (confinement.gid != getegid() || confinement.uid != geteuid()) {
    failing.unless(setresgid(confinement.gid, confinement.gid, confinement.gid) == 0, "setgid");
    failing.unless(setresuid(confinement.uid, confinement.uid, confinement.uid) == 0, "setuid");
  }
  if (!confinement.keep_all_capabilities) set_capabilities(confinement, failing);
  failing.unless(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
}

/// All that happens in the child before it is somebody else. Returns the report pipe.
int confine(const Confinement& confinement, pid_t parent, const Failing& first) {
  reset_signals();
  const int report = arrange_descriptors(confinement, first);
  const Failing failing(report);
  close_others(confinement, report);
  if (confinement.new_session) failing.unless(setsid() >= 0, "setsid");
  if (confinement.new_network_namespace) {
    failing.unless(unshare(CLONE_NEWNET) == 0, "new network namespace");
  }
  for (const auto& [what, value] : confinement.limits) {
    const rlimit limit{value, value};
    failing.unless(setrlimit(static_cast<__rlimit_resource>(what), &limit) == 0, "setrlimit");
  }
  failing.unless(chdir(confinement.working_directory.c_str()) == 0, "chdir");
  drop_privileges(confinement, failing);
  if (confinement.die_with_parent) {
    // Changing the user clears it, hence here; the parent may have ended before.
    failing.unless(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0, "parent death signal");
    failing.unless(getppid() == parent, "parent ended");
  }
  if (confinement.files) {
    failing.unless(confine::apply(*confinement.files) != confine::Landlock::kFailed, "Landlock");
  }
  // Last: it allows none of the calls above.
  failing.unless(confine::apply(confinement.profile), "seccomp");
  return report;
}

Result<Child> started(pid_t pid, Fd report, const std::string& what) {
  Child child;
  child.pid = pid;
  child.pidfd = Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  Failure failure{};
  ssize_t got = 0;
  do {
    got = read(report.get(), &failure, sizeof failure);
  } while (got < 0 && errno == EINTR);
  if (got == 0 && child.pidfd.valid()) return child;
  kill_and_reap(child);
  if (got != sizeof failure) return Error{ErrorCode::kInternal, what + ": could not be started"};
  failure.step[sizeof failure.step - 1] = '\0';
  const bool missing = failure.error == ENOENT && std::strcmp(failure.step, "exec") == 0;
  return Error{missing ? ErrorCode::kNotFound : ErrorCode::kInternal,
               what + ": " + failure.step + ": " + std::strerror(failure.error)};
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

template <class Body>
Result<Child> fork_confined(const std::string& what, const Confinement& confinement, Body body) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return Error{ErrorCode::kInternal, what + ": pipe: " + std::strerror(errno)};
  }
  Fd reading(ends[0]);
  Fd writing(ends[1]);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return Error{ErrorCode::kInternal, what + ": fork: " + std::strerror(errno)};
  if (pid == 0) body(confine(confinement, parent, Failing(writing.get())));
  writing.reset();
  return started(pid, std::move(reading), what);
}

}  // namespace

Result<Child> spawn(const std::string& program, const std::vector<std::string>& arguments,
                    const std::vector<std::string>& environment, const Confinement& confinement) {
  std::vector<std::string> argument_texts = {program};
  argument_texts.insert(argument_texts.end(), arguments.begin(), arguments.end());
  auto environment_texts = environment;
  const auto argv = pointers(argument_texts);
  const auto envp = pointers(environment_texts);
  return fork_confined(program, confinement, [&](int report) {
    execve(program.c_str(), argv.data(), envp.data());
    Failing(report).unless(false, "exec");
  });
}

Result<Child> fork_child(const std::function<int()>& body, const Confinement& confinement) {
  return fork_confined("child", confinement, [&](int report) {
    close(report);
    _exit(body());
  });
}

std::optional<int> try_wait(Child& child) {
  check(child.pid > 0, "wait for a child that was reaped");
  int status = 0;
  pid_t got = 0;
  do {
    got = waitpid(child.pid, &status, WNOHANG);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return std::nullopt;
  child.pid = -1;
  if (got < 0) return 127;  // Reaped by somebody else: its status is lost.
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void kill_and_reap(Child& child) {
  if (child.pid <= 0) return;
  kill(child.pid, SIGKILL);
  while (waitpid(child.pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  child.pid = -1;
  child.pidfd.reset();
}

std::optional<int> wait_until(Child& child, MonoTime deadline) {
  while (true) {
    if (const auto status = try_wait(child)) return status;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
                          deadline - std::chrono::steady_clock::now())
                          .count();
    if (left <= 0) return std::nullopt;
    pollfd ended{child.pidfd.get(), POLLIN, 0};
    poll(&ended, 1, static_cast<int>(std::min<long>(left, INT_MAX)));
  }
}

}  // namespace phase::boot
