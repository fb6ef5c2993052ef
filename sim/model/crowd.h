// sim/model/crowd.h
// The model: every machine and every piece of a crowd, event by event. What decides is what the
// product does (docs/MODEL.md names the file of each rule): who is found when, who has a free connection,
// what a seed gives to whom, what clients fetch from each other, who goes on as a provider.
//
// Deterministic: the same parameters and scenario give the same outcome and the same log, byte for byte.
// Threads: none. Bounds: a byte for each piece of each machine; kMostClients machines.
#pragma once

#include <iosfwd>

#include "sim/model/parameters.h"
#include "sim/model/scenario.h"

namespace phase::sim::model {

/// Above that it takes minutes and gigabytes.
inline constexpr std::uint32_t kMostClients = 20'000;

/// `log`: one line for each step of each machine, none for single pieces; may be null.
[[nodiscard]] Outcome run_crowd(const Parameters& parameters, const Scenario& scenario,
                                std::ostream* log = nullptr);

}  // namespace phase::sim::model
