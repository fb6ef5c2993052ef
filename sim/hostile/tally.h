// sim/hostile/tally.h
// What all hostile programs share: the count of attacks that they delivered, printed for the test
// that reads it, and chance that a seed repeats.
//
// Protocol on stdout: "delivered <total> <kind>", for each kind whenever its total has grown and
// once more at the end; totals only grow. "ready" comes first, once the program can be reached.
#pragma once

#include <csignal>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <string>

#include "proto/bytes.h"

namespace phase::sim {

/// Safe to use from several threads.
class Tally {
 public:
  void add(const std::string& kind, std::uint64_t attacks = 1);
  /// A line for each kind that has grown since the last call; with `all`, for every kind.
  void print(bool all = false);

 private:
  struct Count {
    std::uint64_t total = 0, printed = 0;
  };
  std::mutex mutex_;
  std::map<std::string, Count> counts_;
};

/// One per thread: the order of its answers is the seed's alone.
class Chance {
 public:
  explicit Chance(std::uint64_t rng_seed) : engine_(rng_seed) {}
  /// 0 to `end` - 1; `end` is at least 1.
  std::uint64_t below(std::uint64_t end);
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  Bytes bytes(std::size_t count);

 private:
  std::mt19937_64 engine_;
};

/// Prints "ready", counts as they grow, until SIGTERM or SIGINT; then all counts, and ends the
/// process: threads that wait for a victim's bytes end with it. `each_round` runs every 200 ms.
[[noreturn]] void attack_until_ended(Tally& tally, const sigset_t& signals,
                                     const std::function<void()>& each_round = {});

}  // namespace phase::sim
