// sim/link.cc
// phase-link: a link between a host and a switch, with delay and loss, in user space, for this
// kernel has no netem. Makes two TAP devices; whoever starts it moves one into the host's network
// namespace. Prints "ready" once both are there, and at its end what became of the frames.
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>

#include "proto/fd.h"
#include "proto/result.h"
#include "sim/guarded_main.h"
#include "sim/link_queue.h"

namespace phase::sim {
namespace {

constexpr std::size_t kMaxFrame = 64 * 1024;
constexpr int kFramesAtOnce = 64;  // Then the other direction and the timer have their turn.

Error failed(const std::string& what) {
  return {ErrorCode::kInternal, what + ": " + std::strerror(errno)};
}

Result<Fd> open_tap(const std::string& name) {
  if (name.empty() || name.size() >= IFNAMSIZ) {
    return Error{ErrorCode::kUsage, "'" + name + "': no name of a network device"};
  }
  Fd fd(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd.valid()) return failed("/dev/net/tun");
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  if (::ioctl(fd.get(), TUNSETIFF, &request) != 0) return failed(name);
  return fd;
}

/// One direction: frames are read from one device and written to the other.
struct Direction {
  int from = -1, to = -1;
  LinkQueue queue;
};

/// False where the device is gone, as it is when its namespace was taken apart.
bool take_frames(Direction& direction) {
  std::array<std::uint8_t, kMaxFrame> frame;
  for (int i = 0; i < kFramesAtOnce; ++i) {
    const auto size = ::read(direction.from, frame.data(), frame.size());
    if (size <= 0) return size == 0 || errno != EBADFD;  // None left, or the device is down.
    direction.queue.push(ByteView(frame).first(static_cast<std::size_t>(size)),
                         std::chrono::steady_clock::now());
  }
  return true;
}

void pass_frames(Direction& direction) {
  while (const auto frame = direction.queue.pop(std::chrono::steady_clock::now())) {
    // Where the device takes none (it is down, as a pulled plug is), the frame is lost.
    if (::write(direction.to, frame->data(), frame->size()) < 0) continue;
  }
}

Result<void> set_timer(int timer, MonoTime due) {
  itimerspec at{};
  if (due != MonoTime::max()) {
    // steady_clock is CLOCK_MONOTONIC. All zeros would stop the timer.
    const auto since = std::max(due.time_since_epoch(), Duration(1));
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
    at.it_value.tv_sec = seconds.count();
    at.it_value.tv_nsec = std::chrono::nanoseconds(since - seconds).count();
  }
  if (::timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, nullptr) != 0) return failed("a timer");
  return {};
}

void print(const char* name, const LinkQueue::Counts& counts) {
  std::cout << name << " passed=" << counts.passed << " lost=" << counts.lost
            << " overflowed=" << counts.overflowed << std::endl;
}

Result<void> watch(int poll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (::epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) != 0) return failed("epoll");
  return {};
}

Result<Fd> end_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  Fd fd(::signalfd(-1, &signals, SFD_CLOEXEC));
  if (!fd.valid()) return failed("signals");
  return fd;
}

Result<void> forward(Direction& up, Direction& down, int end) {
  const Fd poll(::epoll_create1(EPOLL_CLOEXEC));
  const Fd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!poll.valid() || !timer.valid()) return failed("epoll");
  for (const int fd : {up.from, down.from, timer.get(), end}) {
    if (auto watched = watch(poll.get(), fd); !watched) return watched;
  }
  for (;;) {
    std::array<epoll_event, 4> events{};
    const int count = ::epoll_wait(poll.get(), events.data(), events.size(), -1);
    if (count < 0 && errno != EINTR) return failed("epoll");
    for (int i = 0; i < count; ++i) {
      const int fd = events.at(static_cast<std::size_t>(i)).data.fd;
      if (fd == end) return {};
      if (fd == up.from && !take_frames(up)) return {};
      if (fd == down.from && !take_frames(down)) return {};
    }
    pass_frames(up);
    pass_frames(down);
    const auto due = std::min(up.queue.next_due(), down.queue.next_due());
    if (auto set = set_timer(timer.get(), due); !set) return set;
  }
}

Result<void> run(const std::string& switch_tap, const std::string& host_tap, const Path& path) {
  const auto end = end_signals();
  if (!end) return end.error();
  const auto at_switch = open_tap(switch_tap);
  if (!at_switch) return at_switch.error();
  const auto at_host = open_tap(host_tap);
  if (!at_host) return at_host.error();
  Path back = path;
  back.rng_seed = ~path.rng_seed;  // Each direction has luck of its own.
  Direction up{at_host->get(), at_switch->get(), LinkQueue(path)};
  Direction down{at_switch->get(), at_host->get(), LinkQueue(back)};
  std::cout << "ready rng_seed=" << path.rng_seed << std::endl;
  auto outcome = forward(up, down, end->get());
  print("from-host", up.queue.counts());
  print("to-host", down.queue.counts());
  return outcome;
}

}  // namespace
}  // namespace phase::sim

namespace {

int start(int argc, char** argv) {
  using namespace phase;
  CLI::App app("A link with delay and loss between two TAP devices");
  std::string switch_tap, host_tap;
  std::int64_t delay_us = 0, jitter_us = 0;
  sim::Path path;
  app.add_option("--switch-tap", switch_tap, "device on the switch's side, made here")->required();
  app.add_option("--host-tap", host_tap, "device on the host's side, made here")->required();
  const CLI::Range microseconds(0, 60'000'000);
  app.add_option("--delay-us", delay_us, "microseconds, each way")->check(microseconds);
  app.add_option("--jitter-us", jitter_us, "up to so many more")->check(microseconds);
  app.add_option("--loss", path.loss, "chance of each packet to be lost")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--rng-seed", path.rng_seed, "where chance begins");
  CLI11_PARSE(app, argc, argv);
  path.delay = std::chrono::microseconds(delay_us);
  path.jitter = std::chrono::microseconds(jitter_us);
  const auto outcome = sim::run(switch_tap, host_tap, path);
  if (outcome) return 0;
  std::cerr << "phase-link: " << outcome.error().detail << "\n";
  return exit_code(outcome.error().code);
}

}  // namespace

int main(int argc, char** argv) { return phase::sim::guarded_main(argc, argv, start); }
