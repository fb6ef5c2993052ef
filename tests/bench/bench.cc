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

struct Subject {
  const char* name;
  void (*run)(Bench&);
  bool by_default = true;
  bool takes_kernel = false;  ///< Starts machines, or packs a kernel's modules.
};

constexpr Subject kSubjects[] = {
    {"native", run_native},
    {"lan", run_lan},
    {"transfer", run_transfer, false},
    {"flash-crowd", run_flash_crowd, false},
    {"transports", run_transports, false},
    {"uplink", run_uplink, false},
    {"guest", run_guest, true, true},
    {"http", run_http},
    {"slow-clients", run_slow_clients},
    {"memory", run_memory, false},
    {"least-memory", run_least_memory, false, true},
    {"discovery", run_discovery, false},
    {"change", run_change, false, true},
};

bool is_chosen(const std::vector<std::string>& chosen, const Subject& subject) {
  return std::find(chosen.begin(), chosen.end(), subject.name) != chosen.end();
}

std::string taking_kernel() {
  std::string out;
  for (const Subject& subject : kSubjects) {
    if (subject.takes_kernel) out += (out.empty() ? "" : ", ") + std::string(subject.name);
  }
  return out;
}

int run(int argc, char** argv) {
  std::string kernel_package, folder;
  std::vector<std::string> chosen, known;
  for (const Subject& subject : kSubjects) {
    known.emplace_back(subject.name);
    if (subject.by_default) chosen.emplace_back(subject.name);
  }
  int runs = 5;
  CLI::App app{"Benchmarks: ratios against a named peer in one run"};
  app.add_option("--kernel-package", kernel_package,
                 "Debian package of the kernel, for " + taking_kernel())
      ->check(CLI::ExistingFile);
  app.add_option("--runs", runs, "How often each figure is taken")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  app.add_option("--report", folder, "Where tables and plots go too, as JSON and SVG");
  app.add_option("subjects", chosen, "What is measured")
      ->capture_default_str()
      ->check(CLI::IsMember(known));
  CLI11_PARSE(app, argc, argv);
  const bool kernel_wanted = std::any_of(
      std::begin(kSubjects), std::end(kSubjects),
      [&](const Subject& subject) { return subject.takes_kernel && is_chosen(chosen, subject); });
  if (kernel_wanted && kernel_package.empty()) {
    std::fprintf(stderr, "phase-bench: --kernel-package is required for %s\n", taking_kernel().c_str());
    return exit_code(ErrorCode::kUsage);
  }
  const sim::Sandbox sandbox = must(sim::enter_sandbox());
  const std::string logs = sandbox.scratch + "/logs";
  std::filesystem::create_directories(logs);
  sim::Observer silent;
  sim::Shell shell(sim::own_folder(), logs, silent);
  for (const Subject& subject : kSubjects) {
    if (!is_chosen(chosen, subject)) continue;
    Bench bench{shell, sandbox.scratch + "/" + subject.name, kernel_package, runs, Report(folder)};
    std::filesystem::create_directories(bench.scratch);
    subject.run(bench);
    std::filesystem::remove_all(bench.scratch);
  }
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
