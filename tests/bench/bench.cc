// phase-bench: what this system costs beside what people use today, in one run on one machine.
#include "tests/bench/bench.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "sim/sandbox.h"

namespace phase::bench {

double median(std::vector<double> values) {
  check(!values.empty(), "a median of something");
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double largest(const std::vector<double>& values) {
  return *std::max_element(values.begin(), values.end());
}

namespace {

int run(int argc, char** argv) {
  std::string kernel_package;
  bool no_vm = false, no_native = false, least_memory = false;
  int runs = 5;
  CLI::App app{"Benchmarks: ratios against a named peer in one run"};
  app.add_option("--kernel-package", kernel_package, "Debian package of the kernel")
      ->required()
      ->check(CLI::ExistingFile);
  app.add_option("--runs", runs, "How often each figure is taken")
      ->capture_default_str()
      ->check(CLI::Range(1, 100));
  app.add_flag("--no-vm", no_vm, "Native figures only");
  app.add_flag("--no-native", no_native, "Figures of machines only");
  app.add_flag("--least-memory", least_memory, "Also look for the least memory of a machine");
  CLI11_PARSE(app, argc, argv);
  const sim::Sandbox sandbox = must(sim::enter_sandbox());
  const std::string logs = sandbox.scratch + "/logs";
  std::filesystem::create_directories(logs);
  sim::Observer silent;
  sim::Shell shell(sim::own_folder(), logs, silent);
  if (!no_native) {
    run_native(shell, sandbox.scratch, runs);
    run_lan(shell, sandbox.scratch, runs);
  }
  if (!no_vm) run_guest(shell, sandbox.scratch, kernel_package, runs, least_memory);
  return 0;
}

}  // namespace
}  // namespace phase::bench

int main(int argc, char** argv) {
  try {
    return phase::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "phase-bench: %s\n", error.what());
    return 1;
  }
}
