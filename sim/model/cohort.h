// sim/model/cohort.h
// The same crowd as a flow, for millions: machines that are in the same state at the same time are a
// number, and those that get a connection in the same tenth of a second fetch together. Discovery, its
// overload, free connections and reboots are the exact model's rules in their mean; what pieces do is
// three bounds: the providers' lines for what nobody has yet, everybody's lines together, and each own
// line. It does NOT agree with the exact model yet beyond some hundred machines (docs/MODEL.md has the
// figures): nothing that it says of more is evidence.
//
// Deterministic; no chance is in it. Threads: none.
#pragma once

#include <iosfwd>

#include "sim/model/parameters.h"
#include "sim/model/scenario.h"

namespace phase::sim::model {

inline constexpr std::uint32_t kMostCohort = 10'000'000;

/// `log`: a line for each moment; may be null.
[[nodiscard]] Outcome run_cohorts(const Parameters& parameters, const Scenario& scenario,
                                  std::ostream* log = nullptr);

}  // namespace phase::sim::model
