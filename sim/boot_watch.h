// sim/boot_watch.h
// Follows a machine from power-on to the published system, or to its refusal, by its console.
#pragma once

#include <chrono>
#include <string>

#include "proto/result.h"
#include "sim/machine.h"
#include "sim/machine_report.h"
#include "sim/shell.h"

namespace phase::sim {

struct WatchedBoot {
  MachineReport before;       ///< Stage "boot": what was fetched, from whom.
  MachineReport up;           ///< Stage "up": what runs now.
  double seconds_to_jump = 0; ///< From the call on.
  double seconds_to_up = 0;
  std::string second_command_line;  ///< As the second kernel prints it.
};

/// Until the second system reports. kCancelled where the machine ends or reports a failure
/// instead: the text has what it said.
Result<WatchedBoot> watch_boot(Shell& shell, Machine& machine, std::chrono::milliseconds timeout);

/// What the first system reports first: stage "boot" or "failed".
Result<MachineReport> watch_first_report(Shell& shell, Machine& machine,
                                         std::chrono::milliseconds timeout);

/// Why `boot` is not what was asked for; ok where the second system runs `version`, signed by
/// `public_key`, on a kernel of its own that was started by kexec, and every byte came from a
/// provider that get_peers named.
[[nodiscard]] Result<void> check_boot(const WatchedBoot& boot, std::uint64_t version,
                                      const std::string& public_key);

}  // namespace phase::sim
