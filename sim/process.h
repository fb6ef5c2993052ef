// sim/process.h
// A program that runs in the background, its output kept and watched line by line. What a
// program prints is how tests and demo know what it did: nothing here sleeps and hopes.
//
// Threads: one of its own per process reads the output and waits for the end; calls come from
// one thread, `on_line` comes from the reader's.
// Bounds: kMaxKeptLines lines of kMaxLineBytes are kept (the oldest go); a log file has them all.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "proto/result.h"

namespace phase::sim {

inline constexpr std::size_t kMaxKeptLines = 20'000;
inline constexpr std::size_t kMaxLineBytes = 16 * 1024;

struct ExitStatus {
  int code = 0;          ///< Meaningful where `signal` is 0.
  int signal = 0;
  [[nodiscard]] bool success() const { return code == 0 && signal == 0; }
  [[nodiscard]] std::string text() const;
};

struct ProcessOptions {
  std::vector<std::string> argv;     ///< The first one is looked up in PATH where it has no slash.
  std::string netns;                 ///< Network namespace by name; empty: this process's.
  std::string log_file;              ///< Everything printed goes there too; empty: nowhere.
  std::vector<std::string> environment;  ///< "NAME=value", added to this process's.
  std::string input_file;            ///< Its stdin; empty: /dev/null.
  /// Every line as it comes, without its end. Called by the reader's thread.
  std::function<void(std::string_view)> on_line;
  /// Behind the last line, once the program ended. Called by the reader's thread.
  std::function<void(const ExitStatus&)> on_end;
};

/// A line that matched, and its groups as std::regex (ECMAScript) found them, the whole first.
struct LineMatch {
  std::uint64_t line = 0;            ///< Its number; pass `line + 1` to look only behind it.
  std::vector<std::string> groups;
};

class Process {
 public:
  /// stdout and stderr come as one stream. Returns once the program runs, in its network.
  /// kNotFound where there is no such program, kInternal where it cannot be started.
  static Result<std::unique_ptr<Process>> start(ProcessOptions options);
  /// Kills and reaps it where it still runs.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// The first line from number `from` on in which `pattern` is found, printed already or within
  /// `timeout`. kTimeout, and kCancelled where the program ended without it; both show the last
  /// lines.
  Result<LineMatch> wait_for_line(const std::string& pattern, std::chrono::milliseconds timeout,
                                  std::uint64_t from = 0);
  /// kTimeout where it still runs then; it is left running.
  Result<ExitStatus> wait(std::chrono::milliseconds timeout);
  void signal(int number);
  /// SIGTERM and wait; kTimeout (and SIGKILL) where it does not end by itself.
  Result<ExitStatus> stop(std::chrono::milliseconds timeout);

  [[nodiscard]] bool running() const;
  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Lines of the kept output, newest last; for failure messages.
  [[nodiscard]] std::string last_lines(std::size_t count) const;
  /// Kept lines in which `pattern` is found.
  [[nodiscard]] std::vector<std::string> lines_matching(const std::string& pattern) const;
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  Process() = default;
  void read_until_end(int pipe, int log);
  void take(std::string_view bytes);
  void end_line();
  void drain(int pipe, int log);

  std::string name_;
  pid_t pid_ = -1;
  int pidfd_ = -1;
  std::function<void(std::string_view)> on_line_;
  std::function<void(const ExitStatus&)> on_end_;
  std::thread reader_;
  std::string partial_;              // Reader's thread only.

  mutable std::mutex mutex_;         // Guards what follows.
  std::condition_variable changed_;
  std::deque<std::string> lines_;
  std::uint64_t first_line_ = 0;     // Number of lines_.front().
  std::optional<ExitStatus> status_;
};

}  // namespace phase::sim
