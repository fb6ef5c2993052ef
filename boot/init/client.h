// boot/init/client.h
// The client role: one attempt to find, fetch, verify and start the published system.
#pragma once

#include <string>
#include <vector>

#include "boot/init/context.h"

namespace phase::boot {

/// Why an attempt ended; that it ended at all means that it failed.
struct FailedAttempt {
  Error error;
  Stages stages;                      ///< Of this attempt.
  std::vector<std::string> refusals;  ///< What was refused on the way.
};

/// Trust, clock, network, verifier, network child, freeze, verdict, hand-over, kexec: jumps and
/// never returns where all goes well. `deadline`: of the whole attempt (phase.timeout).
[[nodiscard]] FailedAttempt attempt_boot(Context& context, std::optional<MonoTime> deadline);

}  // namespace phase::boot
