// tests/integration/hostile_rounds.h
// The seed of every random choice in phase-hostile-tests, and more rounds of all tests with seeds
// of their own:
//
//   PHASE_RNG_SEED=7 phase-hostile-tests                                one round, as it was
//   PHASE_HOSTILE_ROUNDS=10 phase-hostile-tests --gtest_filter=Hostile*  ten rounds
//
// PHASE_RNG_SEED is the first round's seed, drawn where it is not given; the others' are derived
// from it. Each round prints its own: given as PHASE_RNG_SEED, it repeats that round. The last
// lines count, for each test, the rounds that it passed. ctest gives a test the time of one round:
// more are for the program run by itself.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace phase::hostile_test {

/// Of this round.
[[nodiscard]] std::uint64_t rng_seed();

/// Begins each round with its seed, and counts what passed.
class Rounds final : public testing::EmptyTestEventListener {
 public:
  /// PHASE_HOSTILE_ROUNDS, 1 without; the program ends where that is no number from 1 to 1000.
  static int wanted();

  void OnTestIterationStart(const testing::UnitTest& tests, int round) override;
  void OnTestEnd(const testing::TestInfo& test) override;
  void OnTestProgramEnd(const testing::UnitTest& tests) override;

 private:
  struct Outcome {
    int passed = 0;
    std::vector<std::uint64_t> failed;  ///< Their seeds.
  };
  std::map<std::string, Outcome> outcomes_;
};

}  // namespace phase::hostile_test
