// Goal: what a console says becomes a report or nothing, and a boot that is not the published one
// is never taken for it. Method: lines as phase-init prints them, altered one by one.
#include "sim/machine_report.h"

#include <gtest/gtest.h>

#include "sim/boot_watch.h"

namespace phase::sim {
namespace {

constexpr const char* kLine =
    R"([    3.100000] PHASE-REPORT {"stage":"boot","ok":true,"version":7,"channel":"stable",)"
    R"("arch":"x86_64","key":"ab","stages":{"discover":0.25,"artifacts":1.5},"bytes":30,)"
    R"("sources":[{"peer":"10.77.3.1:6881","bytes":20,"how":"dht"},)"
    R"({"peer":"10.77.3.2:6881","bytes":10,"how":"dht","bad_pieces":2,"banned":true}],)"
    R"("refusals":["10.77.3.2:6881 sent altered pieces"],"path":"DHT"})";

TEST(MachineReport, IsReadOutOfAConsoleLine) {
  const auto report = parse_machine_report(kLine);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->stage, "boot");
  EXPECT_TRUE(report->ok);
  EXPECT_EQ(report->version, 7u);
  ASSERT_EQ(report->stages.size(), 2u);
  EXPECT_EQ(report->stages[0].first, "discover");
  EXPECT_EQ(report->stages[1].second, 1.5);
  ASSERT_EQ(report->sources.size(), 2u);
  EXPECT_EQ(report->sources[0].bytes, 20u);
  EXPECT_TRUE(report->sources[1].banned);
  EXPECT_EQ(report->refusals.size(), 1u);
  EXPECT_EQ(report->path, "DHT");
}

TEST(MachineReport, IsNothingWhereTheLineIsCutOrOfAnotherShape) {
  const std::string line = kLine;
  for (std::size_t length = 0; length < line.size(); ++length) {
    EXPECT_FALSE(parse_machine_report(line.substr(0, length))) << length;
  }
  EXPECT_FALSE(parse_machine_report("PHASE-REPORT []"));
  EXPECT_FALSE(parse_machine_report(R"(PHASE-REPORT {"version":"seven"})"));
  EXPECT_FALSE(parse_machine_report(R"(PHASE-REPORT {"stages":{"a":"b"}})"));
}

WatchedBoot good_boot() {
  WatchedBoot boot;
  boot.before = *parse_machine_report(kLine);
  boot.up.stage = "up";
  boot.up.ok = true;
  boot.up.version = 7;
  boot.up.key = "ab";
  return boot;
}

TEST(CheckBoot, AcceptsWhatWasPublished) {
  EXPECT_TRUE(check_boot(good_boot(), 7, "ab").ok());
}

TEST(CheckBoot, RefusesAnythingElse) {
  EXPECT_FALSE(check_boot(good_boot(), 8, "ab").ok()) << "another version";
  EXPECT_FALSE(check_boot(good_boot(), 7, "cd").ok()) << "another key";
  auto failed = good_boot();
  failed.up.ok = false;
  EXPECT_FALSE(check_boot(failed, 7, "ab").ok());
  auto given = good_boot();
  given.before.sources[1].how = "given";
  EXPECT_FALSE(check_boot(given, 7, "ab").ok()) << "a provider that somebody named";
  auto nobody = good_boot();
  nobody.before.sources.clear();
  EXPECT_FALSE(check_boot(nobody, 7, "ab").ok());
}

}  // namespace
}  // namespace phase::sim
