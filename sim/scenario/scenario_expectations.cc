#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "proto/nearest.h"
#include "sim/scenario/names.h"
#include "sim/scenario/scenario_file.h"
#include "sim/scenario/scenario_parts.h"
#include "sim/scenario/schedule.h"

namespace phase::sim {
namespace {

constexpr std::size_t kMaxExpectations = 200;
constexpr double kMaxImages = 1e6;
/// Of what one machine fetches once: pieces that two sent at the end, and what a link says around it.
constexpr double kFetchedOnce = 1.1;

struct Rule {
  Expected what;
  bool who, needs_who, least, within, at_most, needs_at_most;
};
constexpr std::array<Rule, 11> kRules{{
    {Expected::kBoots, true, false, true, false, false, false},
    {Expected::kBootTime, true, false, false, true, false, false},
    {Expected::kServesWithin, true, false, false, true, false, false},
    {Expected::kConverges, true, false, false, true, false, false},
    {Expected::kNeverOlder, false, false, false, false, false, false},
    {Expected::kImages, true, true, false, false, true, true},
    {Expected::kUplinkImages, true, true, false, false, true, true},
    {Expected::kFetchedOnce, true, false, false, false, true, false},
    {Expected::kFoundByDht, true, false, false, false, false, false},
    {Expected::kAttacked, true, false, true, false, false, false},
    {Expected::kNothingUnsigned, true, false, false, false, false, false},
}};

bool fits(Expected what, const HostChoice* host) {
  if (what == Expected::kUplinkImages) return host == nullptr;
  if (host == nullptr) return false;
  switch (what) {
    case Expected::kConverges: return host->role == HostRole::kProvider;
    case Expected::kImages: return true;
    case Expected::kAttacked: return host->role == HostRole::kHostile;
    default: return host->role == HostRole::kMachine;
  }
}

const char* fitting(Expected what) {
  switch (what) {
    case Expected::kUplinkImages: return "a LAN, as \"lan:office\"";
    case Expected::kConverges: return "providers";
    case Expected::kImages: return "hosts";
    case Expected::kAttacked: return "hostile hosts";
    default: return "machines";
  }
}

std::string read_since(const Fields& fields, const Scenario& scenario) {
  const auto text = fields.text("since", 64);
  if (!fields.has("since")) return {};
  const auto space = text.find(' ');
  const auto verb = text.substr(0, space);
  const auto action = parse_name<Action>(verb, kActionNames);
  if (!action) {
    fields.refuse("since", "no action is called '" + verb + "'" + did_you_mean(verb, kActionNames));
    return {};
  }
  std::uint64_t number = 0;
  const auto digits = space == std::string::npos ? std::string_view() : std::string_view(text).substr(space + 1);
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const auto steps = static_cast<std::uint64_t>(
      std::count_if(scenario.timeline.begin(), scenario.timeline.end(),
                    [&](const Step& step) { return step.action == *action; }));
  if (failed != std::errc() || end != digits.data() + digits.size() || number == 0 || number > steps) {
    fields.refuse("since", "expected \"" + verb + " 1\" to \"" + verb + " " + std::to_string(steps) +
                               "\", the n-th " + verb + " of the timeline");
  }
  return verb + " " + std::to_string(number);
}

/// Without `who`: hosts of the role that is meant, one at least.
void check_anybody(const Fields& fields, const Scenario& scenario, Expected what) {
  const bool any = std::any_of(scenario.hosts.begin(), scenario.hosts.end(), [&](const HostChoice& host) {
    return fits(what, &host);
  });
  if (!any && what != Expected::kUplinkImages) {
    fields.refuse("what", std::string("there are no ") + fitting(what));
  }
}

Expectation read_expectation(const Fields& fields, const Scenario& scenario) {
  Expectation out;
  fields.need("what");
  const auto index = fields.word("what", kExpectedNames, 0);
  const Rule& rule = kRules.at(index);
  const std::string name(kExpectedNames.at(index));
  out.what = rule.what;
  const std::string not_here = "not of \"" + name + "\"";
  fields.only_where(rule.who, "who", not_here);
  fields.only_where(rule.least, "least", not_here);
  fields.only_where(rule.within, "within", not_here);
  fields.only_where(rule.at_most, "at_most", not_here);
  fields.only_where(rule.what == Expected::kConverges, "since", not_here);
  if (rule.needs_who) fields.need("who");
  if (rule.within) fields.need("within");
  if (rule.needs_at_most) fields.need("at_most");
  out.targets.names = read_who(
      fields, "who", scenario, [&](const HostChoice* host) { return fits(rule.what, host); },
      fitting(rule.what));
  if (rule.what != Expected::kNeverOlder) check_anybody(fields, scenario, rule.what);
  const bool boots = rule.what == Expected::kBoots;
  const auto most = boots && fields.has("who") ? expand(scenario, out.targets.names).size()
                                               : std::size_t{boots ? kMaxHosts : UINT32_MAX};
  out.least = fields.number("least", 1, std::max<std::size_t>(most, 1), boots ? 0 : 1);
  if (rule.within) {
    out.limit = static_cast<double>(fields.whole_ms("within", kMaxTimeLimit).count()) / 1000;
  } else {
    out.limit = fields.real("at_most", kMaxImages, rule.what == Expected::kFetchedOnce ? kFetchedOnce : 0);
  }
  out.since = read_since(fields, scenario);
  out.reported = fields.flag("reported", false);
  return out;
}

}  // namespace

void read_expectations(const TomlTable& top, Scenario& scenario, Problem& problem) {
  for (const TomlTable* table : tables_of(top, "expect", kMaxExpectations, problem)) {
    const Fields fields(*table, "[[expect]]",
                        {"what", "who", "least", "within", "at_most", "since", "reported"}, problem);
    scenario.expectations.push_back(read_expectation(fields, scenario));
  }
  if (scenario.expectations.empty()) problem.at(1, "a scenario without [[expect]] shows nothing");
}

}  // namespace phase::sim
