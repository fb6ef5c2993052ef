// tests/unit/sim/scenario/sample_run.h
// A scenario and a run of it that look like real ones, of any size: three providers, one of which is
// killed, machines of which every fourteenth sits in a LAN, one hostile peer. One machine fails and
// one is slow where there are fifty or more.
#pragma once

#include "sim/scenario/run_record.h"
#include "sim/scenario/scenario.h"

namespace phase::sim {

[[nodiscard]] Scenario sample_scenario(std::uint32_t machines);
/// As carried out, with verdicts.
[[nodiscard]] RunRecord sample_run(std::uint32_t machines);

}  // namespace phase::sim
