#include "boot/init/net_child.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "boot/init/line_reader.h"
#include "boot/init/small_file.h"
#include "boot/init/status_line.h"
#include "boot/machine/child_rights.h"
#include "proto/fd.h"

namespace phase::boot {
namespace {

constexpr std::size_t kMaxRefusals = 32;

class Listener {
 public:
  explicit Listener(const NetChildOptions& options) : options_(options) {}

  void hear(ByteView bytes) {
    for (const std::string& line : lines_.feed(bytes)) take(parse_status(line));
  }

  NetChildOutcome finish(std::optional<int> status) {
    if (const std::string rest = lines_.rest(); !rest.empty()) take(parse_status(rest));
    if (lines_.dropped() != 0) {
      StatusLine last = parse_status(lines_.last());
      const bool result =
          last.kind == StatusLine::Kind::kDone || last.kind == StatusLine::Kind::kFailed;
      if (result) take(std::move(last));
      options_.say("the network child said " + std::to_string(lines_.dropped()) + " more lines");
    }
    return {.folder = verdict(status), .refusals = std::move(refusals_)};
  }

 private:
  void take(StatusLine line) {
    switch (line.kind) {
      case StatusLine::Kind::kProgress:
        return options_.progress(line.text);
      case StatusLine::Kind::kSay:
        return options_.say(line.text);
      case StatusLine::Kind::kRefusal:
        // The child says it in words besides.
        if (refusals_.size() < kMaxRefusals) refusals_.push_back(std::move(line.text));
        return;
      case StatusLine::Kind::kDone:
        done_ = std::move(line.text);
        return;
      case StatusLine::Kind::kFailed:
        failed_ = Error{line.code, std::move(line.text)};
        return;
    }
  }

  Result<std::string> verdict(std::optional<int> status) {
    if (!status) {
      return {ErrorCode::kTimeout, "the attempt ran out of time (phase.timeout) while fetching"};
    }
    if (failed_) return *failed_;
    if (*status == 0 && done_) return *done_;
    if (*status > 128) {
      return {ErrorCode::kInternal,
              "the network child was ended by signal " + std::to_string(*status - 128)};
    }
    return {error_code_of(static_cast<unsigned long>(*status)),
            "the network child ended with status " + std::to_string(*status) + " and no word why"};
  }

  const NetChildOptions& options_;
  LineReader lines_;
  std::vector<std::string> refusals_;
  std::optional<std::string> done_;
  std::optional<Error> failed_;
};

int left_ms(const std::optional<MonoTime>& deadline, const Clock& clock) {
  if (!deadline) return -1;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(*deadline - clock.now()).count();
  return static_cast<int>(std::clamp<long>(left, 0, 1 << 30));
}

// What waits, but not more than a full pipe at once: a child that never stops talking must not
// keep PID 1 from its deadline. False at the end of the pipe.
bool drain(int pipe, Listener& listener) {
  std::array<std::uint8_t, 8192> block;
  for (int blocks = 0; blocks < 8; ++blocks) {
    const ssize_t got = ::read(pipe, block.data(), block.size());
    if (got > 0) {
      listener.hear(ByteView(block).first(static_cast<std::size_t>(got)));
      if (got < static_cast<ssize_t>(block.size())) return true;
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    return got < 0 && errno == EAGAIN;
  }
  return true;
}

// None: the deadline came first.
std::optional<int> listen(Child& child, int pipe, const NetChildOptions& options,
                          const Clock& clock, Listener& listener) {
  bool open = true;
  for (;;) {
    std::array<pollfd, 2> waiting{{{child.pidfd.get(), POLLIN, 0}, {open ? pipe : -1, POLLIN, 0}}};
    const int ready = ::poll(waiting.data(), waiting.size(), left_ms(options.deadline, clock));
    if (options.deadline && clock.now() >= *options.deadline) return std::nullopt;
    if (ready <= 0) continue;
    if (waiting[1].revents != 0) open = drain(pipe, listener);
    if (waiting[0].revents == 0) continue;
    if (const auto status = try_wait(child)) {
      drain(pipe, listener);
      return status;
    }
  }
}

}  // namespace

NetChildOutcome run_net_child(const NetChildOptions& options, const Clock& clock) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return {.folder = Error{ErrorCode::kInternal, std::string("pipe: ") + std::strerror(errno)},
            .refusals = {}};
  }
  const Fd reading(ends[0]);
  Fd writing(ends[1]);
  // Non-blocking on this side only: the child waits where PID 1 is slow to read.
  ::fcntl(reading.get(), F_SETFL, O_NONBLOCK);

  Confinement confinement = network_rights(options.uid, options.program, options.folder,
                                           options.trust, options.cache, options.room);
  confinement.descriptors = {{writing.get(), 1}, {writing.get(), 2}};
  // libtorrent otherwise loads a bundle of certificate authorities that nothing here uses.
  auto child = spawn(options.program, options.arguments, {"SSL_CERT_FILE=/dev/null", "HOME=/"},
                     confinement);
  if (!child) return {.folder = child.error().in("network child"), .refusals = {}};
  writing.reset();
  // Where memory runs out, this is who has to go.
  (void)write_small_file("/proc/" + std::to_string(child->pid) + "/oom_score_adj", "1000");

  Listener listener(options);
  const auto status = listen(*child, reading.get(), options, clock, listener);
  if (!status) kill_and_reap(*child);
  return listener.finish(status);
}

}  // namespace phase::boot
