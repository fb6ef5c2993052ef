#include "boot/machine/answering_child.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>

namespace phase::boot {
namespace {

int send_answer(const std::string& answer) {
  std::string_view left = answer;
  while (!left.empty()) {
    const auto wrote = ::write(kAnswerDescriptor, left.data(), left.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return 1;
    left.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return 0;
}

/// Until the child closes its end; false where the deadline came first.
bool receive(int fd, std::size_t cap, MonoTime deadline, const Clock& clock, std::string& answer) {
  std::array<char, 512> block;
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - clock.now()).count();
    if (left <= 0) return false;
    pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::min<long>(left, INT_MAX)));
    if (ready <= 0) continue;
    const auto got = ::read(fd, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return true;
    const std::size_t room = cap - std::min(cap, answer.size());
    answer.append(block.data(), std::min(room, static_cast<std::size_t>(got)));
  }
}

}  // namespace

Result<std::string> ask_child(const std::function<std::string()>& work, Confinement confinement,
                              std::size_t cap, MonoTime deadline, const Clock& clock) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return {ErrorCode::kInternal, std::string("pipe: ") + std::strerror(errno)};
  }
  const Fd reading(ends[0]);
  Fd writing(ends[1]);
  confinement.descriptors.emplace_back(writing.get(), kAnswerDescriptor);
  auto child = fork_child([&] { return send_answer(work()); }, confinement);
  writing.reset();
  if (!child) return child.error();

  std::string answer;
  const bool answered = receive(reading.get(), cap, deadline, clock, answer);
  if (!answered) {
    ::kill(child->pid, SIGKILL);
    (void)try_wait(*child);
    return {ErrorCode::kTimeout, "no answer in time"};
  }
  const auto status = wait_until(*child, std::max(deadline, clock.now() + std::chrono::seconds(1)));
  if (!status || *status != 0) {
    if (!status) ::kill(child->pid, SIGKILL);
    return {ErrorCode::kInternal, "the child ended with status " +
                                      (status ? std::to_string(*status) : std::string("none"))};
  }
  return answer;
}

}  // namespace phase::boot
