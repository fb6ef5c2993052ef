#include "boot/init/reaper.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>

namespace phase::boot {

Reaper::Reaper() {
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  sigprocmask(SIG_BLOCK, &children, nullptr);
  signals_ = Fd(::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
}

void Reaper::drain() {
  signalfd_siginfo info;
  while (::read(signals_.get(), &info, sizeof info) > 0) {
  }
}

void Reaper::reap(const Child* own) {
  // waitid() with WNOWAIT names the same process until it is reaped, so an ended `own` would hide
  // the others; while it lives it is never named. Its owner takes it before the next call.
  for (;;) {
    siginfo_t ended{};
    if (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid == 0) return;
    if (own != nullptr && ended.si_pid == own->pid) return;
    ::waitpid(ended.si_pid, nullptr, WNOHANG);
  }
}

void Reaper::pause(MonoTime deadline, const Clock& clock) {
  for (;;) {
    reap();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock.now()).count();
    if (left <= 0) return;
    pollfd waiting{.fd = signals_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, static_cast<int>(std::min<long>(left, 1 << 30))) > 0) drain();
  }
}

}  // namespace phase::boot
