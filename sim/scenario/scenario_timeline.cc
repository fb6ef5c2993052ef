#include <algorithm>
#include <charconv>
#include <set>

#include "sim/scenario/names.h"
#include "sim/scenario/scenario_file.h"
#include "sim/scenario/scenario_parts.h"
#include "sim/scenario/schedule.h"

namespace phase::sim {
namespace {

constexpr std::size_t kMaxSteps = 1000;
/// Hosts that steps name and changes of churns, in all: what a schedule holds.
constexpr double kMaxChanges = 2e6;

bool needs_who(Action action) {
  switch (action) {
    case Action::kPublish:
    case Action::kRenew:
    case Action::kPartition:
    case Action::kHeal: return false;
    default: return true;
  }
}

/// Who an action can be done to, and in words.
bool fits(Action action, const HostChoice* host) {
  if (action == Action::kUnplug || action == Action::kPlug) return true;
  if (host == nullptr) return false;
  switch (action) {
    case Action::kPublish:
    case Action::kRenew: return host->role == HostRole::kPublisher;
    case Action::kCorrupt:
      return host->role == HostRole::kPublisher || host->role == HostRole::kProvider ||
             host->role == HostRole::kMirror;
    case Action::kChurn: return host->role != HostRole::kMachine;
    default: return true;
  }
}

const char* fitting(Action action) {
  switch (action) {
    case Action::kPublish:
    case Action::kRenew: return "the publisher";
    case Action::kCorrupt: return "a publisher, provider or mirror";
    case Action::kChurn: return "hosts that are no machines";
    default: return "hosts";
  }
}

std::uint64_t machines(const Scenario& scenario) {
  std::uint64_t out = 0;
  for (const HostChoice& host : scenario.hosts) {
    if (host.role == HostRole::kMachine) out += host.count;
  }
  return out;
}

/// "booted 3", "booted NAME", "converged", "fetching NAME".
std::string read_after(const Fields& fields, const Scenario& scenario) {
  auto text = fields.text("after", 64);
  if (!fields.has("after") || text == "converged") return text;
  const auto space = text.find(' ');
  const auto verb = text.substr(0, space);
  const auto who = space == std::string::npos ? std::string() : text.substr(space + 1);
  if ((verb != "booted" && verb != "fetching") || who.empty()) {
    fields.refuse("after", "expected \"booted 3\", \"booted NAME\", \"converged\" or \"fetching NAME\"");
    return {};
  }
  std::uint64_t count = 0;
  const auto [end, failed] = std::from_chars(who.data(), who.data() + who.size(), count);
  if (verb == "booted" && failed == std::errc() && end == who.data() + who.size()) {
    if (count == 0 || count > machines(scenario)) {
      fields.refuse("after", "there are " + std::to_string(machines(scenario)) + " machines");
    }
    return "booted " + std::to_string(count);
  }
  const HostChoice* host = find_host(scenario, who);
  if (host == nullptr || host->role != HostRole::kMachine || who.ends_with('*')) {
    fields.refuse("after", "no machine is called '" + who + "'");
  }
  return text;
}

std::vector<std::vector<std::string>> read_groups(const Fields& fields, const Scenario& scenario,
                                                  const Problem& problem) {
  auto groups = fields.name_lists("groups");
  if (groups.size() < 2) fields.refuse("groups", "a partition has two groups or more");
  if (problem.first()) return groups;
  std::set<std::string> seen;
  for (auto& group : groups) {
    for (const std::string& name : group) {
      const HostChoice* host = find_host(scenario, name);
      if (host == nullptr || !host->lan.empty()) {
        fields.refuse("groups", "'" + name + "' is no host on the switch; a LAN is cut off by unplug");
        return groups;
      }
    }
    group = expand(scenario, group);
    for (const std::string& name : group) {
      if (!seen.insert(name).second) fields.refuse("groups", "'" + name + "' is in two groups");
    }
  }
  return groups;
}

void read_targets(const Fields& fields, const Scenario& scenario, Step& step) {
  step.targets.names = read_who(
      fields, "who", scenario, [&](const HostChoice* host) { return fits(step.action, host); },
      fitting(step.action));
  if (needs_who(step.action)) fields.need("who");
  const bool takes_who = step.action != Action::kPartition && step.action != Action::kHeal;
  fields.only_where(takes_who, "who", "not of " + action_name(step.action));
  fields.only_where(needs_who(step.action), "pick", "not of " + action_name(step.action));
  fields.only_where(needs_who(step.action), "spread", "not of " + action_name(step.action));
  if (takes_who && step.targets.names.empty()) {
    for (const HostChoice& host : scenario.hosts) {
      if (host.role == HostRole::kPublisher) step.targets.names = {host.name};
    }
  }
  step.targets.pick = static_cast<std::uint32_t>(fields.number("pick", 1, kMaxHosts, 0));
}

/// How many changes a step is, more or less, without drawing them.
double changes_of(const Step& step, const Scenario& scenario) {
  double hosts = 0;
  for (const std::string& name : step.targets.names) {
    const HostChoice* host = find_host(scenario, name);
    hosts += host != nullptr && name.ends_with('*') ? host->count : 1;
  }
  if (step.action != Action::kChurn) return hosts;
  const auto length = static_cast<double>((step.until - step.at).count());
  return hosts * (1 + length / static_cast<double>(std::max<std::int64_t>(step.every.count(), 1)));
}

Step read_step(const Fields& fields, const Scenario& scenario, const Problem& problem) {
  Step step;
  fields.need("do");
  step.action = static_cast<Action>(fields.word("do", kActionNames, 0));
  step.at = fields.whole_ms("at", scenario.time_limit);
  step.after = read_after(fields, scenario);
  step.spread = fields.whole_ms("spread", scenario.time_limit);
  read_targets(fields, scenario, step);
  const bool churn = step.action == Action::kChurn;
  const bool partition = step.action == Action::kPartition;
  fields.only_where(partition, "groups", "only of partition");
  fields.only_where(churn, "every", "only of churn");
  fields.only_where(churn, "until", "only of churn");
  fields.only_where(step.action == Action::kPublish, "changed", "only of publish");
  fields.only_where(!churn, "spread", "not of churn");
  if (partition) {
    fields.need("groups");
    step.groups = read_groups(fields, scenario, problem);
  }
  step.changed = fields.share("changed", step.changed);
  step.every = fields.whole_ms("every", kMaxTimeLimit);
  step.until = fields.whole_ms("until", scenario.time_limit);
  if (churn) {
    fields.need("every");
    fields.need("until");
    if (step.every.count() < 1000) fields.refuse("every", "at least 1 s");
    if (step.until <= step.at) fields.refuse("until", "it ends before it begins");
  }
  return step;
}

/// As many as asked for are there to be picked; whoever runs already is not there for `start`.
void check_picks(const Scenario& scenario, const std::vector<std::uint32_t>& lines, Problem& problem) {
  const auto schedule = draw_schedule(scenario, 1);
  for (std::size_t i = 0; i < scenario.timeline.size(); ++i) {
    const auto& step = scenario.timeline[i];
    const auto there = schedule.steps[i].targets.size();
    if (there >= step.targets.pick) continue;
    problem.at(lines[i], "pick: " + std::to_string(step.targets.pick) + " to " +
                             action_name(step.action) + ", of which " + std::to_string(there) +
                             " are left by the steps before");
  }
}

}  // namespace

void read_timeline(const TomlTable& top, Scenario& scenario, Problem& problem) {
  std::vector<std::uint32_t> lines;
  double changes = 0;
  for (const TomlTable* table : tables_of(top, "step", kMaxSteps, problem)) {
    const Fields fields(*table, "[[step]]",
                        {"do", "at", "after", "who", "pick", "spread", "groups", "changed", "every",
                         "until"},
                        problem);
    scenario.timeline.push_back(read_step(fields, scenario, problem));
    lines.push_back(table->line);
    changes += changes_of(scenario.timeline.back(), scenario);
    if (changes > kMaxChanges) {
      return problem.at(table->line, "over two million changes of hosts in the timeline so far");
    }
  }
  if (!problem.first()) check_picks(scenario, lines, problem);
}

}  // namespace phase::sim
