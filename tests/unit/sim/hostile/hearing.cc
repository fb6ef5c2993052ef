#include "tests/unit/sim/hostile/hearing.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <thread>

namespace phase::sim::test {

Heard hear(const std::function<void(const Victim&)>& attack, std::string_view first) {
  std::array<int, 2> ends{};
  Heard out;
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  Fd own(ends[0]);
  std::thread theirs([&attack, end = ends[1]] {
    const Victim victim(Fd(end), 1);
    attack(victim);
  });
  if (!first.empty()) {
    EXPECT_EQ(::send(own.get(), first.data(), first.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(first.size()));
  }
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  std::array<char, 4096> part{};
  while (out.text.size() < kMostHeard && !out.ended) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    pollfd watched{own.get(), POLLIN, 0};
    if (left.count() <= 0 || ::poll(&watched, 1, static_cast<int>(left.count())) <= 0) break;
    const auto got = ::recv(own.get(), part.data(), part.size(), 0);
    out.ended = got <= 0;
    if (got > 0) out.text.append(part.data(), static_cast<std::size_t>(got));
  }
  own.reset();
  theirs.join();
  return out;
}

}  // namespace phase::sim::test
