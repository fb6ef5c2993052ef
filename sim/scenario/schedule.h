// sim/scenario/schedule.h
// Everything in a run that chance decides, drawn before it begins: who is picked, when hosts of a
// churn leave and come back, the seeds of links and of hostile programs. The same scenario and seed
// make the same schedule, on any computer. Each choice has a stream of its own, so that one more
// host or step leaves the other choices as they were. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/scenario.h"

namespace phase::sim {

/// A host of a churn changes sides `after` the step's begin.
struct ChurnEvent {
  std::chrono::milliseconds after{0};
  std::string host;
  bool leaves = true;  ///< Else it comes back.
};

struct DrawnStep {
  /// Names of hosts, "lan:<name>" of LANs; in the order in which `spread` takes them.
  std::vector<std::string> targets;
  std::vector<ChurnEvent> churn;  ///< kChurn: by time; ends with the step's `until`.
};

struct DrawnHost {
  std::string name;
  std::size_t choice = 0;        ///< Of Scenario::hosts.
  std::uint64_t link_seed = 0;   ///< For Path::rng_seed.
  std::uint64_t own_seed = 0;    ///< For a hostile program.
};

struct Schedule {
  std::uint64_t rng_seed = 0;
  std::vector<DrawnHost> hosts;  ///< All of the scenario, groups expanded, in its order.
  std::vector<DrawnStep> steps;  ///< As Scenario::timeline, by index.
};

[[nodiscard]] Schedule draw_schedule(const Scenario& scenario, std::uint64_t rng_seed);

/// Names of a `[[host]]` table's hosts: "<name>", or "<name>1", "<name>2", …
[[nodiscard]] std::vector<std::string> host_names(const HostChoice& choice);

/// The `[[host]]` table that makes the host of this name, or of "<name>*"; null: none does.
[[nodiscard]] const HostChoice* find_host(const Scenario& scenario, std::string_view name);

/// Who is meant, `pick` aside, each once, in the order named: hosts, and "lan:<name>". Names that
/// nothing has are left out; parse_scenario() refuses them.
[[nodiscard]] std::vector<std::string> expand(const Scenario& scenario,
                                              const std::vector<std::string>& names);

/// What repeats a run: "phase-sim run FILE --rng-seed N --report DIR".
[[nodiscard]] std::string replay_command(const std::string& file, std::uint64_t rng_seed,
                                         const std::string& report_folder);

}  // namespace phase::sim
