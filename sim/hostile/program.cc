#include "sim/hostile/program.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>

#include "sim/stranger.h"

namespace phase::sim {

HostileProgram::HostileProgram() : signals_(block_end_signals()) {}

bool HostileProgram::ended(int milliseconds) const {
  return sim::ended(signals_, milliseconds);
}

void HostileProgram::attack_until_ended(const std::function<void()>& each_round) {
  std::cout << "ready" << std::endl;
  while (!ended(200)) {
    tally_.print(std::cout);
    if (each_round) each_round();
  }
  tally_.print(std::cout, true);
  std::_Exit(0);
}

int run_hostile(int argc, char** argv, CLI::App& options,
                const std::function<Result<void>(HostileProgram&)>& attack) {
  HostileProgram program;
  options.add_option("--rng-seed", program.rng_seed_, "repeats a run");
  CLI11_PARSE(options, argc, argv);
  Result<void> outcome;
  try {
    outcome = attack(program);
  } catch (const std::exception& failure) {
    outcome = {ErrorCode::kInternal, failure.what()};
  }
  if (outcome) return 0;
  std::cerr << options.get_name() << ": " << outcome.error().detail << "\n";
  return exit_code(outcome.error().code);
}

}  // namespace phase::sim
