#include "sim/sandbox.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

#include "sim/command.h"
#include "sim/shell.h"

namespace phase::sim {
namespace {

constexpr const char* kScratch = "/run/phase-sim";
constexpr std::initializer_list<int> kForwarded = {SIGINT, SIGTERM, SIGHUP};

volatile sig_atomic_t g_child = 0;  // The one process that this one waits for.

void forward(int signal_number) {
  const int saved = errno;
  if (g_child > 0) ::kill(g_child, signal_number);
  errno = saved;
}

/// Waits for `child`, reaps orphans on the way, and ends this process with its status.
[[noreturn]] void stand_in_for(pid_t child) {
  g_child = child;
  struct sigaction action {};
  action.sa_handler = forward;
  for (const int number : kForwarded) ::sigaction(number, &action, nullptr);
  for (;;) {
    int status = 0;
    const pid_t ended = ::waitpid(-1, &status, 0);
    if (ended < 0 && errno != EINTR) ::_exit(1);
    if (ended != child) continue;
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  }
}

Error failed(const char* what) {
  return {ErrorCode::kUsage, std::string(what) + ": " + std::strerror(errno) +
                                 " (the simulation needs root: use sudo)"};
}

/// The kernel clears the wish where the parent was gone already, so the pipe tells.
bool die_with_parent(int parent_alive) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return false;
  pollfd end{parent_alive, POLLIN, 0};
  const bool gone = ::poll(&end, 1, 0) != 0;
  ::close(parent_alive);
  return !gone;
}

/// /proc still is the outer one: its "self" is how the host counts this process.
pid_t pid_outside() {
  std::array<char, 32> text{};
  if (::readlink("/proc/self", text.data(), text.size() - 1) <= 0) return 0;
  return static_cast<pid_t>(std::strtol(text.data(), nullptr, 10));
}

Result<void> mount_own_view() {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return failed("making mounts private");
  }
  if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) {
    return failed("mounting /proc");
  }
  // All of /run, so that no folder has to be made on the host: /run/netns and the scratch folder.
  if (::mount("phase-sim", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") != 0) {
    return failed("mounting a tmpfs on /run");
  }
  if (::mkdir("/run/netns", 0755) != 0 || ::mkdir(kScratch, 0755) != 0) {
    return failed("making the scratch folder");
  }
  // Programs that are killed leave their temporary files there.
  ::setenv("TMPDIR", kScratch, 1);
  auto loopback = run_command({"ip", "link", "set", "lo", "up"});
  if (!loopback) return loopback.error();
  return {};
}

}  // namespace

Result<Sandbox> enter_sandbox() {
  (void)own_folder();  // As it is called outside.
  if (::unshare(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID) != 0) return failed("unshare");
  std::array<int, 2> alive{};
  if (::pipe2(alive.data(), O_CLOEXEC) != 0) return failed("pipe");

  const pid_t first = ::fork();
  if (first < 0) return failed("fork");
  if (first > 0) {
    ::close(alive[0]);
    stand_in_for(first);
  }
  ::close(alive[1]);
  if (!die_with_parent(alive[0])) ::_exit(1);
  const pid_t outside = pid_outside();
  auto mounted = mount_own_view();
  if (!mounted) return mounted.error();

  // The first process of a namespace takes no signal that it does not handle and inherits every
  // orphan; the caller goes on as an ordinary process beside it.
  const pid_t inner = ::fork();
  if (inner < 0) return failed("fork");
  if (inner > 0) stand_in_for(inner);
  return Sandbox{kScratch, outside};
}

}  // namespace phase::sim
