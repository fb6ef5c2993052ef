#include "sim/scenario/run_events.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "proto/result.h"

namespace phase::sim {

RunEvents::RunEvents() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signals_ = Fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  wake_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  check(signals_.valid() && wake_.valid(), "signalfd or eventfd");
}

void RunEvents::push(RunEvent event) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(event));
  }
  ::eventfd_write(wake_.get(), 1);
}

std::optional<RunEvent> RunEvents::next() {
  const std::lock_guard lock(mutex_);
  if (queue_.empty()) return std::nullopt;
  RunEvent event = std::move(queue_.front());
  queue_.pop_front();
  return event;
}

std::optional<RunEvent> RunEvents::take(MonoTime until) {
  for (;;) {
    if (interrupted_) return std::nullopt;
    if (auto event = next()) return event;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return std::nullopt;
    std::array<pollfd, 2> waiting{{{wake_.get(), POLLIN, 0}, {signals_.get(), POLLIN, 0}}};
    ::poll(waiting.data(), waiting.size(), static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
    eventfd_t count = 0;
    ::eventfd_read(wake_.get(), &count);
    if (waiting[1].revents != 0) interrupted_ = true;
  }
}

}  // namespace phase::sim
