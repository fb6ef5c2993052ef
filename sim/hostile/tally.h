// sim/hostile/tally.h
// The count of attacks that a hostile program delivered, printed for the test that reads it, and
// chance that a seed repeats. Pure but for the stream that it prints to.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <map>
#include <mutex>
#include <random>
#include <string>

#include "proto/bytes.h"

namespace phase::sim {

/// Safe to use from several threads. Totals only grow.
class Tally {
 public:
  void add(const std::string& kind, std::uint64_t attacks = 1);
  /// "delivered <total> <kind>" for each kind that has grown since the last call; with `all`, for
  /// every kind.
  void print(std::ostream& out, bool all = false);

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

}  // namespace phase::sim
