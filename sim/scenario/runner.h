// sim/scenario/runner.h
// Runs a scenario: builds its network inside the sandbox, starts its hosts, carries out the timeline,
// and writes down what was seen. Nothing is judged here.
//
// The run ends when the timeline is done, every machine that was switched on has booted and everybody
// who follows holds the newest release; at the time limit; or at SIGINT, SIGTERM, SIGHUP.
// Threads: the caller's, which has no others yet: signals are blocked for all that follow.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "sim/sandbox.h"
#include "sim/scenario/run_record.h"
#include "sim/scenario/run_release.h"
#include "sim/scenario/scenario.h"

namespace phase::sim {

struct RunOptions {
  std::uint64_t rng_seed = 1;
  RunKernel kernel;
  std::function<void(const std::string&)> say;  ///< A line of progress for people.
  /// Called at the end, while everything still runs.
  std::function<void()> before_end;
};

/// A record in any case: what broke is its `error`, a signal makes it `interrupted`. Verdicts and
/// `replay` are left to the caller. `scenario` may come from a file, `sandbox` is this process's.
[[nodiscard]] RunRecord run_scenario(const Scenario& scenario, const RunOptions& options,
                                     const Sandbox& sandbox);

}  // namespace phase::sim
