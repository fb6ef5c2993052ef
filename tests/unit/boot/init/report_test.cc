// Goal: the report says what happened, fits the kernel log, and nothing that a network child
// writes into it can hurt who reads it. Method: round trips, limits, hostile JSON.
#include "boot/init/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/unit/proto/support.h"

namespace phase::boot {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

BootReport sample() {
  BootReport report;
  report.stage = "boot";
  report.ok = true;
  report.version = 7;
  report.channel = "stable";
  report.arch = "x86_64";
  report.mode = "internet";
  report.key = std::string(64, 'a');
  report.signed_by = "0123456789abcdef";
  report.kernel = "6.1.0";
  report.stages = {{"kernel", 1.2345}, {"network", 0.5}};
  report.bytes = 23'000'000;
  report.sources = {{.peer = "10.0.0.2:6881", .bytes = 11'000'000, .how = "dht"},
                    {.peer = "10.0.0.3:6881", .bytes = 12'000'000, .how = "dht",
                     .bad_pieces = 3, .banned = true}};
  report.refusals = {"provider 10.0.0.3:6881 served altered bytes"};
  return report;
}

nlohmann::json json_of_line(const std::string& line) {
  EXPECT_THAT(line, StartsWith("PHASE-REPORT {"));
  EXPECT_LE(line.size(), kMaxReportLine);
  EXPECT_TRUE(std::all_of(line.begin(), line.end(), [](char c) { return c >= 0x20 && c <= 0x7e; }));
  return nlohmann::json::parse(line.substr(13));
}

TEST(Report, SaysEverythingInItsFile) {
  const auto json = nlohmann::json::parse(report_json(sample()));
  EXPECT_EQ(json["version"], 7);
  EXPECT_EQ(json["key"], std::string(64, 'a'));
  EXPECT_EQ(json["stages"]["network"], 0.5);
  EXPECT_EQ(json["sources"][1]["bad_pieces"], 3);
  EXPECT_EQ(json["sources"][1]["how"], "dht");
  EXPECT_EQ(json["refusals"].size(), 1u);
}

TEST(Report, ComesBackAsItWasWritten) {
  const auto back = parse_report(report_json(sample()));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(report_json(*back), report_json(sample()));
  EXPECT_EQ(back->sources[1].banned, true);
  EXPECT_EQ(back->exit_code, 0);
}

TEST(Report, LineHoldsASmallReportWhole) {
  const auto json = json_of_line(report_line(sample()));
  EXPECT_EQ(json["ok"], true);
  EXPECT_EQ(json["sources"].size(), 2u);
  EXPECT_EQ(json["refusals"].size(), 1u);
  EXPECT_FALSE(json.contains("more_sources"));
}

TEST(Report, LineKeepsWhatMattersOfALargeReport) {
  BootReport report = sample();
  for (int i = 0; i < 60; ++i) {
    report.sources.push_back({.peer = "192.168.100." + std::to_string(i) + ":6881",
                              .bytes = 1000U + i, .how = "pex"});
    report.refusals.push_back("peer " + std::to_string(i) + " " + std::string(250, 'x'));
  }
  const auto json = json_of_line(report_line(report));
  EXPECT_EQ(json["version"], 7);
  EXPECT_EQ(json["key"], std::string(64, 'a'));
  EXPECT_EQ(json["sources"][0]["peer"], "10.0.0.3:6881") << "who sent bad pieces comes first";
  EXPECT_GT(json["more_sources"], 0);
  EXPECT_GT(json["more_refusals"], 0);
}

TEST(Report, LineOfAFailureNamesItAndFits) {
  BootReport report;
  report.stage = "failed";
  report.error = "no-pointer";
  report.exit_code = 33;
  report.detail = std::string(2000, 'd');
  report.advice = std::string(2000, 'a');
  report.attempt = 4;
  const auto json = json_of_line(report_line(report));
  EXPECT_EQ(json["ok"], false);
  EXPECT_EQ(json["error"], "no-pointer");
  EXPECT_EQ(json["exit"], 33);
  EXPECT_EQ(json["attempt"], 4);
}

TEST(Report, LineFitsWhateverIsInIt) {
  BootReport report = sample();
  report.signed_by = std::string(5000, 's');
  report.advice = report.detail = report.handover = std::string(5000, '"');
  report.kernel = report.channel = report.error = std::string(5000, '\\');
  for (int i = 0; i < 100; ++i) report.stages.emplace_back(std::string(100, 'n'), 1.0);
  EXPECT_LE(report_line(report).size(), kMaxReportLine);
}

TEST(Report, FileStaysUnderItsLimit) {
  BootReport report;
  for (int i = 0; i < 1000; ++i) {
    report.sources.push_back({.peer = std::string(1000, '"'), .bytes = ~0ULL, .how = "dht"});
    report.refusals.push_back(std::string(1000, '"'));
    report.stages.emplace_back(std::string(1000, '"') + std::to_string(i), 1.0);
  }
  const std::string text = report_json(report);
  EXPECT_LE(text.size(), kMaxReportBytes);
  EXPECT_TRUE(parse_report(text).ok());
}

TEST(Report, MakesTextsOfOthersPrintable) {
  BootReport report = sample();
  report.refusals = {"a\x1b[2J\nPHASE-REPORT {\"ok\":true}\x80\xff"};
  const std::string line = report_line(report);
  EXPECT_THAT(line, Not(HasSubstr("\x1b")));
  EXPECT_THAT(line, Not(HasSubstr("\n")));
  json_of_line(line);
  const auto back = parse_report(R"({"refusals":["x\u001b[2Jy\u00e9"]})");
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->refusals[0], "x?[2Jy??");
}

TEST(Report, RefusesWhatIsNone) {
  for (const char* text :
       {"", "x", "[]", "1", "null", "{", R"({"ok":1})", R"({"version":-1})", R"({"version":1.5})",
        R"({"stages":[]})", R"({"stages":{"a":"b"}})", R"({"stages":{"a":-1}})",
        R"({"stages":{"a":1e300}})", R"({"sources":{}})", R"({"sources":[1]})",
        R"({"sources":[{"peer":1}]})", R"({"refusals":[{}]})", R"({"refusals":"x"})",
        R"({"key":[]})", R"({"version":99999999999999999999999})"}) {
    EXPECT_ERROR(parse_report(text), ErrorCode::kMalformed) << text;
  }
}

TEST(Report, RefusesDepthAndSize) {
  EXPECT_ERROR(parse_report(std::string(100, '[') + std::string(100, ']')), ErrorCode::kMalformed);
  EXPECT_ERROR(parse_report(std::string(20'000, '[')), ErrorCode::kMalformed);
  EXPECT_ERROR(parse_report(R"({"x":")" + std::string(kMaxReportBytes, 'x') + "\"}"),
               ErrorCode::kMalformed);
}

TEST(Report, NoCutOfAReportIsAccepted) {
  const std::string whole = report_json(sample());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse_report(whole.substr(0, size)).ok()) << size;
  }
}

}  // namespace
}  // namespace phase::boot
