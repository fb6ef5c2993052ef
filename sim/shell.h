// sim/shell.h
// Types the commands that a person would type, in the network namespace of a host, and tells an
// observer about each: demo, tests and benchmarks show and keep what happened the same way.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proto/result.h"
#include "sim/process.h"

namespace phase::sim {

/// Sees what happens in a world. Nothing has to be done about it. output() comes from other
/// threads, one per process.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void step(const std::string& /*title*/) {}
  virtual void command(const std::string& /*host*/, const std::string& /*command_line*/) {}
  virtual void output(const std::string& /*label*/, std::string_view /*line*/) {}
  /// Every second while something is waited for; `what` says what will be.
  virtual void waiting(const std::string& /*what*/, std::chrono::seconds /*so_far*/) {}
};

class Shell {
 public:
  /// `programs` is the folder of our programs; `logs` gets a file for each started process.
  /// `observer` is borrowed.
  Shell(std::string programs, std::string logs, Observer& observer);

  /// Runs a program to its end: its output. The first of `argv` may be one of our programs.
  Result<std::string> run(const std::string& host, const std::vector<std::string>& argv,
                          std::chrono::milliseconds timeout = std::chrono::minutes(2));
  /// Leaves it running.
  Result<std::unique_ptr<Process>> start(const std::string& host,
                                         const std::vector<std::string>& argv);
  /// Process::wait_for_line with progress.
  Result<LineMatch> await(Process& process, const std::string& pattern, const std::string& what,
                          std::chrono::milliseconds timeout, std::uint64_t from = 0);
  /// Until it ends by itself, with progress; kInternal where it ends with another status than 0.
  Result<void> await_end(Process& process, const std::string& what,
                         std::chrono::milliseconds timeout);

  [[nodiscard]] Observer& observer() const { return observer_; }
  [[nodiscard]] const std::string& logs() const { return logs_; }

 private:
  [[nodiscard]] ProcessOptions options(const std::string& host, std::vector<std::string> argv);
  std::string programs_;
  std::string logs_;
  Observer& observer_;
};

/// The folder of the running program: where the build puts all of ours.
[[nodiscard]] std::string own_folder();

}  // namespace phase::sim
