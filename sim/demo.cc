// phase-demo: shows the main job on real input. deploy/demo.sh installs, builds and calls it.
#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>

#include "sim/demo_run.h"

namespace {

int report(const phase::Error& error) {
  std::fprintf(stderr, "\nphase-demo: %s (%s)\n", error.detail.c_str(),
               phase::error_name(error.code));
  return phase::exit_code(error.code);
}

int run(int argc, char** argv) {
  phase::sim::DemoOptions options;
  bool no_vm = false;
  bool verbose = false;
  CLI::App app{"Boots a machine from a private peer-to-peer network, after its publisher is gone"};
  app.add_option("--kernel-package", options.kernel_package,
                 "Debian package of the kernel (deploy/get-kernel.sh downloads it)")
      ->required()
      ->check(CLI::ExistingFile);
  app.add_flag("--keep", options.keep, "leave everything running at the end");
  app.add_flag("--no-vm", no_vm, "fetch by a process instead of switching a machine on");
  app.add_option("--memory", options.memory_mib, "MiB of the machine")->capture_default_str();
  app.add_flag("--verbose", verbose, "show what every program prints");
  CLI11_PARSE(app, argc, argv);
  options.machine = !no_vm;

  auto sandbox = phase::sim::enter_sandbox();
  if (!sandbox) return report(sandbox.error());
  phase::sim::DemoView view(verbose);
  auto shown = phase::sim::run_demo(*sandbox, options, view);
  if (!shown) return report(shown.error());
  std::printf("\nphase-demo: done; nothing is left running\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "phase-demo: %s\n", error.what());
    return 1;
  }
}
