// sim/scenario/judge.h
// Holds what happened in a run against what was expected of it. Pure. Nothing that was not seen
// counts as held: an expectation about machines of which none was switched on fails.
#pragma once

#include <vector>

#include "sim/scenario/run_record.h"
#include "sim/scenario/scenario.h"

namespace phase::sim {

/// One for each expectation of `scenario`, in its order. `record.verdicts` is not looked at.
[[nodiscard]] std::vector<Verdict> judge(const Scenario& scenario, const RunRecord& record);

/// The run did not break, was not interrupted, and all verdicts that count hold.
[[nodiscard]] bool all_held(const RunRecord& record);

}  // namespace phase::sim
