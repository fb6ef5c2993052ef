#include "sim/scenario/run_timeline.h"

#include <algorithm>
#include <limits>

namespace phase::sim {
namespace {

const char* action_name(Action action) {
  switch (action) {
    case Action::kStart: return "start";
    case Action::kStop: return "stop";
    case Action::kKill: return "kill";
    case Action::kRestart: return "restart";
    case Action::kPublish: return "publish";
    case Action::kRenew: return "renew";
    case Action::kPartition: return "partition";
    case Action::kHeal: return "heal";
    case Action::kUnplug: return "unplug";
    case Action::kPlug: return "plug";
    case Action::kCorrupt: return "corrupt";
    case Action::kChurn: return "churn";
  }
  return "?";
}

}  // namespace

std::string step_name(const Scenario& scenario, std::size_t step) {
  const Action action = scenario.timeline.at(step).action;
  const auto end = scenario.timeline.begin() + static_cast<std::ptrdiff_t>(step) + 1;
  const auto number = std::count_if(scenario.timeline.begin(), end,
                                    [&](const Step& one) { return one.action == action; });
  return std::string(action_name(action)) + " " + std::to_string(number);
}

RunTimeline::RunTimeline(const Scenario& scenario, const Schedule& schedule)
    : scenario_(scenario), schedule_(schedule) {
  for (std::size_t i = 0; i < scenario.timeline.size(); ++i) {
    if (scenario.timeline[i].after.empty()) {
      arm(i, scenario.timeline[i].at.count());
    } else {
      waiting_.insert(i);
    }
  }
}

void RunTimeline::arm(std::size_t step, std::int64_t base) {
  const Step& what = scenario_.timeline[step];
  const DrawnStep& drawn = schedule_.steps[step];
  if (what.action == Action::kChurn) {
    // Its begin is an item too, so that it is written down.
    items_.emplace(base, step, 0);
    for (std::size_t i = 0; i < drawn.churn.size(); ++i) {
      items_.emplace(base + drawn.churn[i].after.count(), step, i + 1);
    }
    return;
  }
  const std::size_t items = what.spread.count() == 0 ? 1 : std::max<std::size_t>(drawn.targets.size(), 1);
  for (std::size_t i = 0; i < items; ++i) {
    items_.emplace(base + static_cast<std::int64_t>(i) * what.spread.count(), step, i);
  }
}

std::vector<DueItem> RunTimeline::take(std::int64_t now,
                                       const std::function<bool(const std::string&)>& holds) {
  for (auto step = waiting_.begin(); step != waiting_.end();) {
    const Step& what = scenario_.timeline[*step];
    if (!holds(what.after)) {
      ++step;
      continue;
    }
    arm(*step, now + what.at.count());
    step = waiting_.erase(step);
  }
  std::vector<DueItem> due;
  while (!items_.empty() && std::get<0>(*items_.begin()) <= now) {
    const auto [at, step, item] = *items_.begin();
    items_.erase(items_.begin());
    const Step& what = scenario_.timeline[step];
    due.push_back({step, item, item == 0,
                   what.action != Action::kChurn && what.spread.count() == 0});
  }
  return due;
}

std::int64_t RunTimeline::next() const {
  return items_.empty() ? std::numeric_limits<std::int64_t>::max() : std::get<0>(*items_.begin());
}

std::vector<std::string> RunTimeline::waits_for() const {
  std::vector<std::string> out;
  for (const std::size_t step : waiting_) out.push_back(scenario_.timeline[step].after);
  return out;
}

}  // namespace phase::sim
