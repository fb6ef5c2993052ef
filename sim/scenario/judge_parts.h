// sim/scenario/judge_parts.h
// What judge() and its parts share: who is meant, and what was seen of them.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "sim/scenario/judge.h"

namespace phase::sim {

/// One expectation and the run that it is held against. All are borrowed.
struct Case {
  const Scenario& scenario;
  const RunRecord& record;
  const Expectation& expectation;
};

/// Names of the hosts meant: of `targets`, or all of `role`.
[[nodiscard]] std::vector<std::string> who(const Case& of, HostRole role);
/// Boots of these machines, without those that a step ended on their way; `ended` counts them.
[[nodiscard]] std::vector<const RecordedBoot*> boots_of(const Case& of, std::size_t* ended = nullptr);
[[nodiscard]] std::vector<const RecordedBoot*> booted_of(const Case& of);

/// "all machines", "m1", "m1, m2 and 7 more".
[[nodiscard]] std::string who_text(const Case& of, const std::string& all);
/// "a, b and 3 more".
[[nodiscard]] std::string some_of(const std::vector<std::string>& names);
/// "1.07 images (17.1 MiB)".
[[nodiscard]] std::string images_text(std::uint64_t bytes, std::uint64_t image_bytes);
[[nodiscard]] std::string seconds_text(double seconds);

// judge_boots.cc: what machines did.
[[nodiscard]] Verdict judge_boots(const Case& of);
[[nodiscard]] Verdict judge_boot_time(const Case& of);
[[nodiscard]] Verdict judge_serving(const Case& of);
[[nodiscard]] Verdict judge_fetched_once(const Case& of);
[[nodiscard]] Verdict judge_found_by_dht(const Case& of);
[[nodiscard]] Verdict judge_intact(const Case& of);
// judge_versions.cc: which release was where.
[[nodiscard]] Verdict judge_converged(const Case& of);
[[nodiscard]] Verdict judge_never_older(const Case& of);

}  // namespace phase::sim
