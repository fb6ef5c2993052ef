// sim/demo_run.h
// The demo: a machine boots a release that nobody but strangers in a DHT leads it to, after its
// publisher is gone. docs/DEMO.md explains each step.
#pragma once

#include <string>

#include "proto/result.h"
#include "sim/demo_view.h"
#include "sim/sandbox.h"

namespace phase::sim {

struct DemoOptions {
  std::string kernel_package;  ///< A .deb.
  bool keep = false;           ///< Stay at the end until somebody stops it.
  bool machine = true;         ///< False: `plasmd fetch` by a process instead.
  std::uint64_t memory_mib = 512;
};

/// Inside a sandbox. An error is the reason why the demo did not show what it is there for.
Result<void> run_demo(const Sandbox& sandbox, const DemoOptions& options, DemoView& view);

}  // namespace phase::sim
