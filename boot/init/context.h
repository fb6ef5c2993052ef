// boot/init/context.h
// What PID 1 knows and holds from its start on, shared by its roles.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "boot/init/power_on.h"
#include "boot/init/tpm_floor.h"
#include "boot/init/trust_choice.h"
#include "boot/machine/console.h"
#include "boot/machine/modules.h"
#include "boot/machine/network.h"
#include "boot/machine/options.h"
#include "proto/ports.h"

namespace phase::boot {

/// Seconds of each stage, for the report.
using Stages = std::vector<std::pair<std::string, double>>;

struct Context {
  Context(Console& console_in, const Clock& clock_in) : console(console_in), clock(clock_in) {}

  Console& console;
  const Clock& clock;
  BootOptions options;
  std::vector<Error> option_errors;
  std::optional<std::string> trust_file;  ///< Its text; none where the initramfs has none.
  Storage storage = Storage::kNever;      ///< Whether drivers of disks may be loaded.
  std::optional<Modules> modules;
  std::optional<NetworkUp> network;       ///< Of the last attempt.
  std::string arch;                       ///< Of this machine, normalised.
  std::optional<TpmWord> tpm;             ///< What the TPM said, once it answered.
  PowerOn power_on;                       ///< What no attempt may go below.
  Stages start;                           ///< Stages that happened once: kernel, modules.

  /// Runs `work` and notes how long it took as `stage`.
  template <class Work>
  auto timed(Stages& stages, const char* stage, Work work) {
    const MonoTime begin = clock.now();
    auto result = work();
    stages.emplace_back(stage, std::chrono::duration<double>(clock.now() - begin).count());
    return result;
  }
};

/// Network by ip= or DHCP, drivers for cards that appear meanwhile included. Gives up at
/// `deadline`.
[[nodiscard]] Result<void> start_network(Context& context, MonoTime deadline);

/// Drivers for the hardware that is there. Nothing here is fatal: they may be built in.
void load_modules(Context& context);

}  // namespace phase::boot
