#include "tests/integration/hostile_rounds.h"

#include <cstdlib>
#include <iostream>
#include <random>

namespace phase::hostile_test {
namespace {

/// What tests ask for from anywhere in the program.
std::uint64_t& current_seed() {
  static std::uint64_t seed = 0;
  return seed;
}

std::uint64_t first_seed() {
  static const std::uint64_t seed = [] {
    const char* given = std::getenv("PHASE_RNG_SEED");
    return given != nullptr ? std::stoull(given) : std::uint64_t{std::random_device{}()};
  }();
  return seed;
}

/// Rounds count from 0 on.
std::uint64_t seed_of_round(std::uint64_t first, int round) {
  if (round == 0) return first;
  std::mt19937_64 engine(first);
  engine.discard(static_cast<unsigned long long>(round));
  return engine() >> 32;
}

}  // namespace

std::uint64_t rng_seed() {
  return current_seed();
}

int Rounds::wanted() {
  const char* given = std::getenv("PHASE_HOSTILE_ROUNDS");
  const int rounds = given == nullptr ? 1 : std::atoi(given);
  if (rounds >= 1 && rounds <= 1000) return rounds;
  std::cerr << "PHASE_HOSTILE_ROUNDS=" << given << ": expected a number from 1 to 1000\n";
  std::exit(2);
}

void Rounds::OnTestIterationStart(const testing::UnitTest&, int round) {
  current_seed() = seed_of_round(first_seed(), round);
  std::cout << "PHASE_RNG_SEED=" << current_seed() << std::endl;
}

void Rounds::OnTestEnd(const testing::TestInfo& test) {
  auto& outcome = outcomes_[std::string(test.test_suite_name()) + "." + test.name()];
  if (test.result()->Passed())
    ++outcome.passed;
  else
    outcome.failed.push_back(current_seed());
}

void Rounds::OnTestProgramEnd(const testing::UnitTest&) {
  if (wanted() == 1) return;
  for (const auto& [test, outcome] : outcomes_) {
    std::cout << test << ": " << outcome.passed << " of "
              << outcome.passed + static_cast<int>(outcome.failed.size()) << " rounds passed";
    for (const auto seed : outcome.failed) std::cout << ", failed with PHASE_RNG_SEED=" << seed;
    std::cout << "\n";
  }
}

}  // namespace phase::hostile_test
