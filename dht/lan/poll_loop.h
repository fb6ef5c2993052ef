// dht/lan/poll_loop.h
// One thread's loop over ::poll for libavahi-core and for descriptors of ours. Avahi's datagrams
// are looked at before Avahi sees them: what judge_datagram() refuses, and what one address sends
// beyond SourceLimit, is read away.
// Callbacks may add and remove watches and timeouts.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

struct AvahiPoll;

namespace phase::dht::lan {

class PollLoop {
 public:
  PollLoop();
  ~PollLoop();
  PollLoop(const PollLoop&) = delete;
  PollLoop& operator=(const PollLoop&) = delete;

  /// For libavahi-core; lives as long as this.
  [[nodiscard]] const AvahiPoll* avahi();
  /// `readable` is called while `fd` is (or has ended). The caller owns `fd`.
  void watch(int fd, std::function<void()> readable);
  void unwatch(int fd);
  /// Waits for what comes first, at most `longest`, and calls what is due.
  void once(std::chrono::milliseconds longest);
  /// Datagrams that were refused.
  [[nodiscard]] std::uint64_t refused() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace phase::dht::lan
