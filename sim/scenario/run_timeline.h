// sim/scenario/run_timeline.h
// When which step of a timeline is due: a step that waits for something is armed once that holds.
// Pure: what holds is asked of the owner, time comes in as milliseconds since the timeline's begin.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "sim/scenario/schedule.h"

namespace phase::sim {

/// One thing to do now.
struct DueItem {
  std::size_t step = 0;   ///< Of Scenario::timeline.
  std::size_t item = 0;   ///< Of the drawn targets, or of the churn; 0 where the step has none.
  bool first = false;     ///< The step begins with it.
  bool all = false;       ///< All of the step's targets at once (no spread).
};

class RunTimeline {
 public:
  /// Both are borrowed and outlive this.
  RunTimeline(const Scenario& scenario, const Schedule& schedule);

  /// `holds` answers for Step::after. Arms what waits for what holds; then what is due by `now`, in
  /// the order of time, and at the same time of the file.
  [[nodiscard]] std::vector<DueItem> take(std::int64_t now,
                                          const std::function<bool(const std::string&)>& holds);
  /// When the next armed item is due; INT64_MAX: none.
  [[nodiscard]] std::int64_t next() const;
  [[nodiscard]] bool done() const { return items_.empty() && waiting_.empty(); }
  /// What the steps that are not armed wait for: "booted 3".
  [[nodiscard]] std::vector<std::string> waits_for() const;

 private:
  void arm(std::size_t step, std::int64_t base);
  const Scenario& scenario_;
  const Schedule& schedule_;
  std::set<std::size_t> waiting_;                                      // Steps, not armed yet.
  std::set<std::tuple<std::int64_t, std::size_t, std::size_t>> items_;  // Due, step, item.
};

/// "kill 1": the n-th of its kind in the file.
[[nodiscard]] std::string step_name(const Scenario& scenario, std::size_t step);

}  // namespace phase::sim
