// Goal: what chance decides is decided by the seed alone, and stays within what the scenario says.
// Method: schedules of one scenario, drawn again, with other seeds, and with a step more.
#include "sim/scenario/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/unit/sim/scenario/sample_run.h"

namespace phase::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Scenario with_churn() {
  Scenario out = sample_scenario(14);
  Step churn;
  churn.at = seconds(10);
  churn.action = Action::kChurn;
  churn.targets.names = {"node*"};
  churn.every = seconds(20);
  churn.until = seconds(110);
  out.timeline.push_back(churn);
  return out;
}

/// All that was drawn, as text.
std::string told(const Schedule& schedule) {
  std::string out;
  for (const DrawnHost& host : schedule.hosts) {
    out += host.name + " " + std::to_string(host.choice) + " " + std::to_string(host.link_seed) + " " +
           std::to_string(host.own_seed) + "\n";
  }
  for (const DrawnStep& step : schedule.steps) {
    for (const auto& target : step.targets) out += target + " ";
    for (const ChurnEvent& event : step.churn) {
      out += std::to_string(event.after.count()) + event.host + (event.leaves ? "-" : "+");
    }
    out += "\n";
  }
  return out;
}

TEST(Schedule, TheSameSeedDrawsTheSame) {
  EXPECT_EQ(told(draw_schedule(with_churn(), 7)), told(draw_schedule(with_churn(), 7)));
  EXPECT_NE(told(draw_schedule(with_churn(), 7)), told(draw_schedule(with_churn(), 8)));
}

TEST(Schedule, EachOfThoseMeantIsPickedByOneSeedOrAnother) {
  std::map<std::string, int> picked;
  for (std::uint64_t rng_seed = 1; rng_seed <= 60; ++rng_seed) {
    const auto schedule = draw_schedule(sample_scenario(3), rng_seed);
    ASSERT_EQ(schedule.steps[1].targets.size(), 1u);
    ++picked[schedule.steps[1].targets[0]];
  }
  ASSERT_EQ(picked.size(), 3u);
  for (const auto& [name, times] : picked) {
    EXPECT_TRUE(name.starts_with("prov")) << name;
    EXPECT_GT(times, 8) << name << " is picked far less often than the others";
  }
}

TEST(Schedule, WhoWasKilledIsNotPickedAgain) {
  Scenario scenario = sample_scenario(3);
  scenario.timeline.push_back(scenario.timeline[1]);
  scenario.timeline.push_back(scenario.timeline[1]);
  for (std::uint64_t rng_seed = 1; rng_seed <= 20; ++rng_seed) {
    std::set<std::string> killed;
    const auto schedule = draw_schedule(scenario, rng_seed);
    for (std::size_t i = 1; i < 4; ++i) killed.insert(schedule.steps[i].targets.at(0));
    EXPECT_EQ(killed, (std::set<std::string>{"prov1", "prov2", "prov3"})) << "rng_seed " << rng_seed;
  }
}

TEST(Schedule, AChurnKeepsToItsTimeAndTakesTurns) {
  std::size_t changes = 0;
  for (std::uint64_t rng_seed = 1; rng_seed <= 20; ++rng_seed) {
    const auto schedule = draw_schedule(with_churn(), rng_seed);
    ASSERT_TRUE(schedule.steps[1].churn.empty());
    milliseconds last{0};
    std::map<std::string, bool> away;
    for (const ChurnEvent& event : schedule.steps[2].churn) {
      EXPECT_GE(event.after, std::max(last, milliseconds(1)));
      EXPECT_LT(event.after, seconds(100)) << "after the churn's end";
      EXPECT_TRUE(event.host.starts_with("node")) << event.host;
      EXPECT_NE(away[event.host], event.leaves) << event.host << " leaves, or comes back, twice";
      away[event.host] = event.leaves;
      last = event.after;
      ++changes;
    }
  }
  // 20 draws, 20 hosts, 100 s, once in 20 s: 2000; a draw off by a tenth has a chance of 10^-5.
  EXPECT_NEAR(static_cast<double>(changes), 2000, 200);
}

TEST(Schedule, MoreOfTheScenarioLeavesTheOtherChoicesAsTheyWere) {
  const auto before = draw_schedule(with_churn(), 7);
  Scenario more = with_churn();
  Step unplug;
  unplug.action = Action::kUnplug;
  unplug.targets = {{"node*"}, 5};
  more.timeline.insert(more.timeline.begin(), unplug);
  HostChoice host = more.hosts[1];
  host.name = "extra";
  more.hosts.insert(more.hosts.begin(), host);
  const auto after = draw_schedule(more, 7);
  EXPECT_EQ(after.steps[0].targets.size(), 5u);
  std::map<std::string, std::uint64_t> links;
  for (const DrawnHost& one : after.hosts) links[one.name] = one.link_seed;
  for (const DrawnHost& one : before.hosts) EXPECT_EQ(links[one.name], one.link_seed) << one.name;
  for (std::size_t i = 0; i < before.steps.size(); ++i) {
    EXPECT_EQ(before.steps[i].targets, after.steps[i + 1].targets);
    EXPECT_EQ(before.steps[i].churn.size(), after.steps[i + 1].churn.size());
  }
}

TEST(Schedule, NamesAreExpandedEachOnce) {
  const Scenario scenario = sample_scenario(14);
  EXPECT_EQ(expand(scenario, {"prov2", "prov*", "lan:office", "pub", "prov2"}),
            (std::vector<std::string>{"prov2", "prov1", "prov3", "lan:office", "pub"}));
  EXPECT_TRUE(expand(scenario, {"prov4", "prov0", "prov01", "prov", "lan:home", "", "*"}).empty());
  EXPECT_EQ(find_host(scenario, "node20"), &scenario.hosts[3]);
  EXPECT_EQ(find_host(scenario, "node21"), nullptr);
}

TEST(Schedule, SeedsOfHostsDiffer) {
  std::set<std::uint64_t> seeds;
  const auto schedule = draw_schedule(sample_scenario(100), 7);
  for (const DrawnHost& host : schedule.hosts) {
    seeds.insert(host.link_seed);
    seeds.insert(host.own_seed);
  }
  EXPECT_EQ(seeds.size(), 2 * schedule.hosts.size());
  EXPECT_FALSE(seeds.contains(0));
}

TEST(Schedule, TheReplayCommandHasTheSeed) {
  EXPECT_EQ(replay_command("a.toml", 18446744073709551615U, "out"),
            "phase-sim run a.toml --rng-seed 18446744073709551615 --report out");
}

}  // namespace
}  // namespace phase::sim
