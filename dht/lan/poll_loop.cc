#include "dht/lan/poll_loop.h"

#include <avahi-common/timeval.h>
#include <avahi-common/watch.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <list>
#include <vector>

#include "dht/lan/datagram.h"
#include "dht/lan/source_limit.h"

// Avahi leaves these two to whoever writes the loop. What was freed is only marked, and swept
// after the callbacks: one of them may have freed it.
struct AvahiWatch {
  int fd;
  short wanted;
  short got;
  bool datagrams;  ///< Of the LAN, not the kernel's.
  AvahiWatchCallback callback;
  void* data;
  bool freed;
};
struct AvahiTimeout {
  bool set;
  timeval at;      ///< Wall clock, which is all that Avahi knows.
  AvahiTimeoutCallback callback;
  void* data;
  bool freed;
};

namespace phase::dht::lan {
namespace {

// A row of refused datagrams keeps nobody else waiting for long.
constexpr int kMaxRefusedAtOnce = 64;

bool carries_datagrams(int fd) {
  int domain = 0;
  int type = 0;
  socklen_t size = sizeof domain;
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0) return false;
  size = sizeof type;
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) return false;
  return (domain == AF_INET || domain == AF_INET6) && type == SOCK_DGRAM;
}

SourceLimit::Source source_of(const sockaddr_storage& from) {
  SourceLimit::Source out{};
  if (from.ss_family == AF_INET) {
    sockaddr_in address;
    std::memcpy(&address, &from, sizeof address);
    std::memcpy(out.data(), &address.sin_addr, 4);
  } else if (from.ss_family == AF_INET6) {
    sockaddr_in6 address;
    std::memcpy(&address, &from, sizeof address);
    std::memcpy(out.data(), &address.sin6_addr, 16);
  }
  return out;
}

}  // namespace

struct PollLoop::State {
  struct Own {
    int fd;
    std::function<void()> readable;
    bool freed;
  };
  std::list<AvahiWatch> watches;
  std::list<AvahiTimeout> timeouts;
  std::list<Own> own;
  AvahiPoll api{};
  std::uint64_t refused = 0;
  SourceLimit limit;

  State() {
    api.userdata = this;
    api.watch_new = [](const AvahiPoll* poll, int fd, AvahiWatchEvent events,
                       AvahiWatchCallback callback, void* data) {
      auto& list = static_cast<State*>(poll->userdata)->watches;
      return &list.emplace_back(AvahiWatch{fd, static_cast<short>(events), 0,
                                           carries_datagrams(fd), callback, data, false});
    };
    api.watch_update = [](AvahiWatch* watch, AvahiWatchEvent events) {
      watch->wanted = static_cast<short>(events);
    };
    api.watch_get_events = [](AvahiWatch* watch) {
      return static_cast<AvahiWatchEvent>(watch->got);
    };
    api.watch_free = [](AvahiWatch* watch) { watch->freed = true; };
    api.timeout_new = [](const AvahiPoll* poll, const timeval* at, AvahiTimeoutCallback callback,
                         void* data) {
      auto& list = static_cast<State*>(poll->userdata)->timeouts;
      return &list.emplace_back(
          AvahiTimeout{at != nullptr, at != nullptr ? *at : timeval{}, callback, data, false});
    };
    api.timeout_update = [](AvahiTimeout* timeout, const timeval* at) {
      timeout->set = at != nullptr;
      if (at != nullptr) timeout->at = *at;
    };
    api.timeout_free = [](AvahiTimeout* timeout) { timeout->freed = true; };
  }

  /// False where nothing is left that Avahi may read.
  bool guard(int fd) {
    // One byte more than is let through tells that there were more.
    std::array<std::uint8_t, kMaxDatagram + 1> bytes;
    const auto now = std::chrono::steady_clock::now();
    for (int row = 0; row < kMaxRefusedAtOnce; ++row) {
      sockaddr_storage from{};
      socklen_t size = sizeof from;
      const ssize_t got = recvfrom(fd, bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT,
                                   reinterpret_cast<sockaddr*>(&from), &size);
      if (got < 0) return false;
      const ByteView datagram{bytes.data(), static_cast<std::size_t>(got)};
      if (limit.admit(source_of(from), now) && judge_datagram(datagram) == Verdict::kPass) {
        return true;
      }
      ++refused;
      if (recv(fd, bytes.data(), 1, MSG_DONTWAIT) < 0) return false;
    }
    return false;
  }

  long wait_ms(long longest) {
    for (const auto& timeout : timeouts) {
      if (!timeout.set || timeout.freed) continue;
      const AvahiUsec left = -avahi_age(&timeout.at);
      longest = std::min<long>(longest, left <= 0 ? 0 : static_cast<long>(left / 1000 + 1));
    }
    return longest;
  }

  void run_timeouts() {
    for (auto& timeout : timeouts) {
      if (timeout.freed || !timeout.set || avahi_age(&timeout.at) < 0) continue;
      timeout.set = false;
      timeout.callback(&timeout, timeout.data);
    }
  }

  void run(AvahiWatch& watch, short events) {
    if (watch.freed || events == 0) return;
    if (watch.datagrams && (events & POLLIN) != 0 && !guard(watch.fd)) {
      events = static_cast<short>(events & ~POLLIN);
      if (events == 0) return;
    }
    watch.got = events;
    watch.callback(&watch, watch.fd, static_cast<AvahiWatchEvent>(events), watch.data);
    watch.got = 0;
  }

  void sweep() {
    watches.remove_if([](const AvahiWatch& watch) { return watch.freed; });
    timeouts.remove_if([](const AvahiTimeout& timeout) { return timeout.freed; });
    own.remove_if([](const Own& one) { return one.freed; });
  }
};

PollLoop::PollLoop() : state_(std::make_unique<State>()) {}
PollLoop::~PollLoop() = default;

const AvahiPoll* PollLoop::avahi() { return &state_->api; }

void PollLoop::watch(int fd, std::function<void()> readable) {
  state_->own.push_back({fd, std::move(readable), false});
}

void PollLoop::unwatch(int fd) {
  for (auto& one : state_->own) one.freed = one.freed || one.fd == fd;
}

void PollLoop::once(std::chrono::milliseconds longest) {
  std::vector<pollfd> fds;
  std::vector<AvahiWatch*> watches;
  std::vector<State::Own*> own;
  for (auto& watch : state_->watches) {
    fds.push_back({watch.fd, watch.wanted, 0});
    watches.push_back(&watch);
  }
  for (auto& one : state_->own) {
    fds.push_back({one.fd, POLLIN, 0});
    own.push_back(&one);
  }
  const long wait = state_->wait_ms(static_cast<long>(longest.count()));
  if (::poll(fds.data(), fds.size(), static_cast<int>(wait)) < 0) {
    for (auto& fd : fds) fd.revents = 0;  // A signal: its handler left word.
  }
  state_->run_timeouts();
  for (std::size_t i = 0; i < watches.size(); ++i) state_->run(*watches[i], fds[i].revents);
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (!own[i]->freed && fds[watches.size() + i].revents != 0) own[i]->readable();
  }
  state_->sweep();
}

std::uint64_t PollLoop::refused() const { return state_->refused; }

}  // namespace phase::dht::lan
