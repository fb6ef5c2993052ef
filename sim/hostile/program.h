// sim/hostile/program.h
// What every hostile program is around its attack: options with a seed, a tally printed for the
// test that reads it, an end by signal. Adapts CLI11.
//
// Protocol on stdout: "ready" first, once the program can be reached; then "delivered <total>
// <kind>" (tally.h), for each kind whenever its total has grown and once more at the end.
#pragma once

#include <csignal>
#include <cstdint>
#include <functional>

#include "proto/result.h"
#include "sim/hostile/tally.h"

namespace CLI {
class App;
}

namespace phase::sim {

/// The program as its attack sees it.
class HostileProgram {
 public:
  /// Blocks SIGTERM and SIGINT in this thread and those that it starts from now on.
  HostileProgram();

  [[nodiscard]] Tally& tally() { return tally_; }
  [[nodiscard]] std::uint64_t rng_seed() const { return rng_seed_; }
  /// Somebody wants it to end; waits up to `milliseconds` for that.
  [[nodiscard]] bool ended(int milliseconds) const;
  /// Prints "ready" and counts as they grow, until it is to end; then all counts, and ends the
  /// process: threads that wait for a victim's bytes end with it. `each_round` runs every 200 ms.
  [[noreturn]] void attack_until_ended(const std::function<void()>& each_round = {});

 private:
  friend int run_hostile(int argc, char** argv, CLI::App& options,
                         const std::function<Result<void>(HostileProgram&)>& attack);

  sigset_t signals_;
  std::uint64_t rng_seed_ = 1;
  Tally tally_;
};

/// main(): adds --rng-seed, parses, attacks. The exit status; errors are named on stderr.
[[nodiscard]] int run_hostile(int argc, char** argv, CLI::App& options,
                              const std::function<Result<void>(HostileProgram&)>& attack);

}  // namespace phase::sim
