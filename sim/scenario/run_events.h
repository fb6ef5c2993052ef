// sim/scenario/run_events.h
// What happens in a run, in one queue for the one thread that acts on it: lines that programs print,
// their ends, and somebody's wish to end it all (SIGINT, SIGTERM, SIGHUP).
//
// Threads: push() from any; the rest is the owner's. The constructor blocks the signals in this
// thread and those that it starts from now on; programs that are started take them again.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include "proto/fd.h"
#include "proto/ports.h"
#include "sim/process.h"

namespace phase::sim {

struct RunEvent {
  enum class Kind : std::uint8_t { kLine, kEnd };
  Kind kind = Kind::kLine;
  std::size_t host = 0;       ///< Its number in the run.
  std::uint64_t program = 0;  ///< Which of the run's programs, in the order of their starts.
  std::string line;
  ExitStatus status;          ///< kEnd.
  MonoTime at;
};

class RunEvents {
 public:
  RunEvents();
  RunEvents(const RunEvents&) = delete;
  RunEvents& operator=(const RunEvents&) = delete;

  void push(RunEvent event);
  /// The next one; waits until `until`, less where a signal came.
  [[nodiscard]] std::optional<RunEvent> take(MonoTime until);
  [[nodiscard]] bool interrupted() const { return interrupted_; }

 private:
  [[nodiscard]] std::optional<RunEvent> next();
  Fd wake_, signals_;
  bool interrupted_ = false;
  std::mutex mutex_;  // Guards what follows.
  std::deque<RunEvent> queue_;
};

}  // namespace phase::sim
