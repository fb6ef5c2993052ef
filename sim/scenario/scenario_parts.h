// sim/scenario/scenario_parts.h
// The parts of a scenario file that parse_scenario() reads one after the other: hosts first, then
// what names them. Each adds to `scenario`, and to `problem` where something is wrong.
#pragma once

#include <functional>
#include <string>

#include "sim/scenario/fields.h"

namespace phase::sim {

void read_hosts(const TomlTable& top, Scenario& scenario, Problem& problem);
/// Needs the hosts.
void read_timeline(const TomlTable& top, Scenario& scenario, Problem& problem);
/// Needs hosts and timeline.
void read_expectations(const TomlTable& top, Scenario& scenario, Problem& problem);

/// Who is named by `key`, all of it known, and `fits` (told in `expected`): for a LAN it gets no
/// host. Empty where the key is absent.
[[nodiscard]] std::vector<std::string> read_who(
    const Fields& fields, std::string_view key, const Scenario& scenario,
    const std::function<bool(const HostChoice*)>& fits, const std::string& expected);

}  // namespace phase::sim
