// Goal: each step of a timeline is due when its file says, and what reads programs' words reads them
// rightly. Method: values only.
#include "sim/scenario/run_timeline.h"

#include <gtest/gtest.h>

#include <limits>

#include "sim/scenario/run_boot.h"

namespace phase::sim {
namespace {

using std::chrono::milliseconds;

struct Plan {
  Scenario scenario;
  Schedule schedule;
  void add(Step step, DrawnStep targets = {}) {
    scenario.timeline.push_back(std::move(step));
    schedule.steps.push_back(std::move(targets));
  }
};
Step at(std::int64_t milliseconds_after, Action action) {
  Step step;
  step.at = milliseconds(milliseconds_after);
  step.action = action;
  return step;
}
DrawnStep drawn(std::vector<std::string> targets) {
  DrawnStep out;
  out.targets = std::move(targets);
  return out;
}
const auto kNothing = [](const std::string&) { return false; };

TEST(RunTimeline, TakesStepsByTimeAndAtTheSameTimeInTheFilesOrder) {
  Plan plan;
  plan.add(at(20, Action::kHeal));
  plan.add(at(10, Action::kPublish));
  plan.add(at(10, Action::kPartition));
  RunTimeline timeline(plan.scenario, plan.schedule);
  EXPECT_EQ(timeline.next(), 10);
  EXPECT_TRUE(timeline.take(9, kNothing).empty());
  const auto due = timeline.take(20, kNothing);
  ASSERT_EQ(due.size(), 3u);
  EXPECT_EQ(due[0].step, 1u);
  EXPECT_EQ(due[1].step, 2u);
  EXPECT_EQ(due[2].step, 0u);
  EXPECT_TRUE(timeline.done());
  EXPECT_EQ(timeline.next(), std::numeric_limits<std::int64_t>::max());
}

TEST(RunTimeline, ArmsAStepWhenWhatItWaitsForHolds) {
  Plan plan;
  Step kill = at(50, Action::kKill);
  kill.after = "booted 2";
  plan.add(kill, drawn({"a", "b"}));
  RunTimeline timeline(plan.scenario, plan.schedule);
  EXPECT_TRUE(timeline.take(1000, kNothing).empty());
  EXPECT_EQ(timeline.waits_for(), std::vector<std::string>{"booted 2"});
  EXPECT_TRUE(timeline.take(2000, [](const std::string& what) { return what == "booted 2"; }).empty());
  EXPECT_EQ(timeline.next(), 2050);
  const auto due = timeline.take(2050, kNothing);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_TRUE(due[0].first && due[0].all);
  EXPECT_TRUE(timeline.done());
}

TEST(RunTimeline, SpreadsTargetsAndCarriesAChurnOut) {
  Plan plan;
  Step start = at(0, Action::kStart);
  start.spread = milliseconds(100);
  plan.add(start, drawn({"a", "b", "c"}));
  DrawnStep churn;
  churn.churn = {{milliseconds(5), "x", true}, {milliseconds(30), "x", false}};
  plan.add(at(10, Action::kChurn), churn);
  RunTimeline timeline(plan.scenario, plan.schedule);
  const auto early = timeline.take(15, kNothing);
  ASSERT_EQ(early.size(), 3u);
  EXPECT_TRUE(early[0].first && !early[0].all);
  EXPECT_TRUE(early[1].first) << "the churn's begin is written down";
  EXPECT_EQ(early[2].item, 1u);
  const auto late = timeline.take(200, kNothing);
  ASSERT_EQ(late.size(), 3u);
  EXPECT_EQ(late[0].item, 2u);
  EXPECT_EQ(late[1].item, 1u);
  EXPECT_EQ(late[2].item, 2u);
  EXPECT_FALSE(late[2].first);
}

TEST(RunTimeline, NamesStepsByTheirNumberInTheFile) {
  Plan plan;
  for (const Action action : {Action::kPublish, Action::kHeal, Action::kPublish}) plan.add(at(0, action));
  EXPECT_EQ(step_name(plan.scenario, 0), "publish 1");
  EXPECT_EQ(step_name(plan.scenario, 1), "heal 1");
  EXPECT_EQ(step_name(plan.scenario, 2), "publish 2");
}

TEST(FetchReader, FindsTheReportAmongOtherLines) {
  FetchReader reader;
  for (const char* line : {" 12 % of 4.0 MiB", "{", "  \"ok\": true, \"version\": 3, \"folder\": \"/x\",",
                           "  \"stages\": [{\"stage\": \"discover\", \"seconds\": 0.5}],",
                           "  \"sources\": [{\"peer\": \"10.77.1.2:6881\", \"how\": \"dht\", \"bytes\": 7,"
                           " \"bad_pieces\": 1, \"banned\": false}], \"refusals\": [\"no\"]"}) {
    reader.take(line);
  }
  EXPECT_FALSE(reader.report().has_value()) << "it has not ended";
  reader.take("}");
  reader.take("last words");
  const auto report = reader.report();
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->ok);
  EXPECT_EQ(report->version, 3u);
  ASSERT_EQ(report->sources.size(), 1u);
  EXPECT_EQ(report->sources[0].bytes, 7u);
  EXPECT_EQ(report->refusals, std::vector<std::string>{"no"});
  EXPECT_EQ(reader.last_words(), "last words");
}

TEST(FetchReader, TakesNoHalfReport) {
  FetchReader reader;
  for (const char* line : {"{", "  \"ok\": true", "}"}) reader.take(line);
  EXPECT_FALSE(reader.report().has_value());
}

TEST(RunBoot, ReadsVersionsAndProgress) {
  EXPECT_EQ(version_in("serving channel=stable arch=x86_64 version=12 name=phase-x"), 12u);
  EXPECT_EQ(version_in("plasmd: serving channel=stable arch=x86_64 version=2 name=phase-x"), 2u);
  EXPECT_EQ(version_in("announced version=12"), 0u);
  EXPECT_TRUE(says_fetching(" 12 % of 16.0 MiB, 3.0 MiB/s"));
  EXPECT_FALSE(says_fetching("  0 % of 16.0 MiB, 0.0 MiB/s"));
  EXPECT_FALSE(says_fetching("12 sources"));
}

TEST(RunBoot, PutsStagesOneBehindTheOther) {
  std::vector<RecordedStage> stages;
  EXPECT_EQ(add_stages({{"discover", 0.5}, {"artifacts", 1.25}}, 100, stages), 1850);
  ASSERT_EQ(stages.size(), 2u);
  EXPECT_EQ(stages[1].begin, 600);
  EXPECT_EQ(stages[1].name, "artifacts");
}

}  // namespace
}  // namespace phase::sim
