// boot/init/launch.h
// From a verdict to the jump: appends the hand-over, makes the command line, loads, reports,
// jumps.
#pragma once

#include "boot/init/context.h"
#include "boot/init/fetch_area.h"
#include "boot/init/verdict.h"

namespace phase::boot {

/// Returns only on failure. `area` is frozen and stays so but for the moment in which PID 1 alone
/// appends the hand-over.
[[nodiscard]] Error launch(Context& context, FetchArea& area, const Verdict& verdict,
                           const TrustPolicy& policy);

}  // namespace phase::boot
