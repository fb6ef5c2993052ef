// sim/scenario/run_publish.h
// `plasmd publish` on the publisher's host: started, and its end taken by the runner's queue like any
// other program's.
//
// Threads: the runner's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "proto/result.h"
#include "sim/process.h"
#include "sim/scenario/run_context.h"

namespace phase::sim {

class RunPublish {
 public:
  /// `host` is the publisher's number, `context` is borrowed.
  RunPublish(RunContext& context, std::size_t host) : context_(context), host_(host) {}

  /// `action` of the record (its number) gets the version as its detail; none: nobody's.
  Result<void> begin_publish(double changed, std::optional<std::size_t> action);
  Result<void> begin_renew(std::optional<std::size_t> action);
  /// True where the event was its program's.
  bool handle(const RunEvent& event);
  [[nodiscard]] bool running() const { return process_ != nullptr; }
  /// Why the last one failed; empty where it did not.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  Result<void> launch(const std::vector<std::string>& argv, std::optional<std::size_t> action);
  void end(const ExitStatus& status);
  void keep_pointer();

  RunContext& context_;
  std::size_t host_;
  std::uint64_t program_ = 0;
  std::unique_ptr<Process> process_;
  std::optional<std::size_t> action_;
  std::string output_, trouble_;
};

}  // namespace phase::sim
