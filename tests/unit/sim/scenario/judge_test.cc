// Goal: each expectation holds where it should, and fails by one thing gone wrong. Method: a run in
// which all is well, and the same run with one value changed.
#include "sim/scenario/judge.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/sim/scenario/sample_run.h"

namespace phase::sim {
namespace {

constexpr std::uint32_t kMachines = 14;
using Change = std::function<void(RunRecord&)>;

Expectation expected(Expected what, double limit = 0, std::vector<std::string> names = {}) {
  Expectation out;
  out.what = what;
  out.limit = limit;
  out.targets.names = std::move(names);
  return out;
}

Verdict judged(const Expectation& expectation, const Change& change = [](RunRecord&) {}) {
  Scenario scenario = sample_scenario(kMachines);
  scenario.expectations = {expectation};
  RunRecord record = sample_run(kMachines);
  change(record);
  const auto verdicts = judge(scenario, record);
  EXPECT_EQ(verdicts.size(), 1u);
  return verdicts.at(0);
}

/// Holds as the sample ran, and fails after each change; `told` is then in what was found.
void expect_decides(const Expectation& expectation, const Change& change, const std::string& told) {
  const auto good = judged(expectation);
  EXPECT_TRUE(good.holds) << good.expectation << ": " << good.found;
  const auto bad = judged(expectation, change);
  EXPECT_FALSE(bad.holds) << bad.expectation << ": " << bad.found;
  EXPECT_NE(bad.found.find(told), std::string::npos) << "no '" << told << "' in: " << bad.found;
}

void fail_boot(RunRecord& record) {
  record.boots[2].booted = record.boots[2].serving = -1;
  record.boots[2].error = "no-provider";
}

TEST(Judge, Boots) {
  expect_decides(expected(Expected::kBoots), fail_boot, "failed: m3");
  expect_decides(expected(Expected::kBoots), [](RunRecord& record) { record.boots.pop_back(); },
                 "never switched on: ");
  Expectation some = expected(Expected::kBoots, 0, {"m*"});
  some.least = 13;
  expect_decides(some, fail_boot, "12 of 13");
  some.least = 12;
  EXPECT_TRUE(judged(some, fail_boot).holds);
}

TEST(Judge, ABootThatAStepEndedIsNotCountedAgainstIt) {
  Expectation some = expected(Expected::kBoots);
  const auto killed = [](RunRecord& record) {
    fail_boot(record);
    record.actions.push_back({record.boots[2].switched_on + 500, "kill 2", {"m3"}, ""});
  };
  const auto ended = judged(some, killed);
  EXPECT_TRUE(ended.holds) << ended.found;
  EXPECT_NE(ended.found.find("1 more ended by a step"), std::string::npos) << ended.found;
  EXPECT_FALSE(judged(some, [&](RunRecord& record) {
                 killed(record);
                 record.actions.back().targets = {"m4"};
               }).holds);
  EXPECT_FALSE(judged(some, [&](RunRecord& record) {
                 killed(record);
                 record.actions.back().at = record.boots[2].switched_on - 500;
               }).holds);
}

TEST(Judge, BootTime) {
  expect_decides(expected(Expected::kBootTime, 20), [](RunRecord& record) {
    record.boots[4].booted = record.boots[4].switched_on + 20'001;
  }, "late: m5");
  EXPECT_TRUE(judged(expected(Expected::kBootTime, 20), [](RunRecord& record) {
                record.boots[4].booted = record.boots[4].switched_on + 20'000;
              }).holds);
}

TEST(Judge, ServesWithin) {
  expect_decides(expected(Expected::kServesWithin, 5), [](RunRecord& record) {
    record.boots[1].serving = record.boots[1].booted + 5001;
  }, "late: m2");
  expect_decides(expected(Expected::kServesWithin, 5),
                 [](RunRecord& record) { record.boots[1].serving = -1; }, "never served: m2");
}

TEST(Judge, Converges) {
  const auto publish = [](RunRecord& record) {
    record.actions.push_back({10'000, "publish 1", {"pub"}, "version 2"});
    for (const char* name : {"prov1", "prov2", "prov3"}) record.versions.push_back({12'000, name, 2});
  };
  const auto expectation = expected(Expected::kConverges, 3);
  EXPECT_TRUE(judged(expectation, publish).holds);
  EXPECT_TRUE(judged(expectation, [&](RunRecord& record) {
                publish(record);
                record.versions.pop_back();
              }).holds) << "prov3 was killed: it does not run at the end";
  const auto behind = judged(expectation, [&](RunRecord& record) {
    publish(record);
    record.versions[record.versions.size() - 2].version = 1;
  });
  EXPECT_FALSE(behind.holds);
  EXPECT_NE(behind.found.find("never: prov2"), std::string::npos) << behind.found;
  const auto late = judged(expectation, [&](RunRecord& record) {
    publish(record);
    record.versions[record.versions.size() - 2].at = 13'001;
  });
  EXPECT_FALSE(late.holds);
  EXPECT_NE(late.found.find("late: prov2"), std::string::npos) << late.found;
  Expectation healed = expectation;
  healed.since = "heal 1";
  EXPECT_NE(judged(healed, publish).found.find("heal 1 never happened"), std::string::npos);
}

TEST(Judge, NeverOlder) {
  expect_decides(expected(Expected::kNeverOlder), [](RunRecord& record) {
    record.versions.push_back({60'000, "m2", 3});
    record.versions.push_back({61'000, "m2", 2});
  }, "went back: m2 (3 to 2)");
  EXPECT_FALSE(judged(expected(Expected::kNeverOlder), [](RunRecord& record) {
                 record.versions.clear();
                 record.boots.clear();
               }).holds) << "nothing was seen";
}

TEST(Judge, Images) {
  const auto expectation = expected(Expected::kImages, 8, {"prov1", "prov2"});
  const auto count = [](std::uint64_t images) {
    return [images](RunRecord& record) {
      record.interface_sent["prov1"] = record.interface_sent["prov2"] = images * record.image_bytes / 2;
    };
  };
  EXPECT_TRUE(judged(expectation, count(8)).holds);
  EXPECT_FALSE(judged(expectation, count(9)).holds);
  const auto unseen = judged(expectation, [](RunRecord& record) { record.interface_sent.erase("prov2"); });
  EXPECT_FALSE(unseen.holds);
  EXPECT_EQ(unseen.found, "not measured: prov2");
}

TEST(Judge, UplinkImages) {
  const auto expectation = expected(Expected::kUplinkImages, 1, {"lan:office"});
  expect_decides(expectation, [](RunRecord& record) { ++record.uplinks["office"].down; }, "LAN office: 1.00 images");
  expect_decides(expectation, [](RunRecord& record) { record.uplinks.clear(); }, "not measured");
}

TEST(Judge, FetchedOnce) {
  const auto expectation = expected(Expected::kFetchedOnce, 1.1);
  expect_decides(expectation, [](RunRecord& record) {
    record.boots[3].sources.push_back({"prov1", "dht", record.image_bytes, 0});
  }, "more: m4");
  // What no report tells, the link shows.
  expect_decides(expectation, [](RunRecord& record) {
    record.interface_received["m4"] = 2 * record.image_bytes;
  }, "more: m4");
}

TEST(Judge, FoundByDht) {
  const auto expectation = expected(Expected::kFoundByDht);
  expect_decides(expectation, [](RunRecord& record) { record.boots[0].sources[0].how = "given"; },
                 "otherwise: m1 from prov1 (given)");
  expect_decides(expectation, [](RunRecord& record) { record.boots[0].sources.clear(); }, "m1 (no source)");
}

TEST(Judge, Attacked) {
  Expectation expectation = expected(Expected::kAttacked);
  expect_decides(expectation, [](RunRecord& record) { record.attacks.clear(); }, "fewer by bad");
  expectation.least = 3;
  expect_decides(expectation, [](RunRecord& record) { record.attacks["bad"] = 2; }, "fewer by bad");
}

TEST(Judge, NothingUnsigned) {
  expect_decides(expected(Expected::kNothingUnsigned),
                 [](RunRecord& record) { record.boots[5].intact = false; }, "altered: m6");
}

TEST(Judge, WhereNothingWasSeenNothingHolds) {
  for (const auto what : {Expected::kBoots, Expected::kBootTime, Expected::kServesWithin, Expected::kConverges,
                          Expected::kNeverOlder, Expected::kFetchedOnce, Expected::kFoundByDht,
                          Expected::kAttacked, Expected::kNothingUnsigned}) {
    const auto verdict = judged(expected(what, 100), [](RunRecord& record) { record = RunRecord(); });
    EXPECT_FALSE(verdict.holds) << verdict.expectation << ": " << verdict.found;
    EXPECT_FALSE(verdict.expectation.empty());
  }
}

TEST(Judge, OfARunThatBrokeOrWasInterruptedNothingHolds) {
  for (const bool broke : {true, false}) {
    RunRecord record = sample_run(kMachines);
    ASSERT_TRUE(all_held(record));
    (broke ? record.error : record.begun) = "x";
    record.interrupted = !broke;
    EXPECT_FALSE(all_held(record));
    for (const Verdict& verdict : judge(sample_scenario(kMachines), record)) {
      EXPECT_FALSE(verdict.holds) << verdict.expectation;
    }
  }
}

TEST(Judge, WhatIsOnlyReportedDoesNotDecide) {
  RunRecord record = sample_run(kMachines);
  ASSERT_FALSE(record.verdicts.empty());
  record.verdicts[0].holds = false;
  EXPECT_FALSE(all_held(record));
  record.verdicts[0].reported = true;
  EXPECT_TRUE(all_held(record));
}

}  // namespace
}  // namespace phase::sim
