// sim/scenario/scenario_file.h
// Reads scenario files (docs/SCENARIOS.md). Strict: what it takes can be run as it stands, and
// everything else is refused with line, rule and the word that was probably meant. Adapts toml++.
#pragma once

#include <string_view>

#include "proto/result.h"
#include "sim/scenario/scenario.h"

namespace phase::sim {

inline constexpr std::size_t kMaxScenarioBytes = std::size_t{64} * 1024;
inline constexpr std::uint32_t kMaxHosts = 100'000;
inline constexpr std::chrono::hours kMaxTimeLimit{24};

/// `toml` is the file's text, untrusted; `name` becomes the scenario's. kConfig names line and rule.
[[nodiscard]] Result<Scenario> parse_scenario(std::string_view toml, std::string_view name);

}  // namespace phase::sim
