// Goal: what can be run is read, and everything else is refused with its line, its rule and the word
// that was probably meant. Method: all of our own files; one small good file, altered at one place.
#include "sim/scenario/scenario_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "sim/scenario/verbs.h"

namespace phase::sim {
namespace {

namespace fs = std::filesystem;

const std::string kScenarios = std::string(PHASE_SOURCE_DIR) + "/sim/scenarios";

/// Line by line, so that a test can say where its change is.
constexpr const char* kGood =
    "title = \"Small\"\n"               // 1
    "time_limit = \"1 min\"\n"          // 2
    "[release]\n"                       // 3
    "image = \"4 MiB\"\n"               // 4
    "[[lan]]\n"                         // 5
    "name = \"office\"\n"               // 6
    "uplink = \"10 Mbit/s\"\n"          // 7
    "[[host]]\n"                        // 8
    "name = \"pub\"\n"                  // 9
    "role = \"publisher\"\n"            // 10
    "[[host]]\n"                        // 11
    "name = \"prov\"\n"                 // 12
    "role = \"provider\"\n"             // 13
    "count = 3\n"                       // 14
    "rate = \"25 Mbit/s\"\n"            // 15
    "delay = \"25 ms\"\n"               // 16
    "loss = \"1 %\"\n"                  // 17
    "[[host]]\n"                        // 18
    "name = \"m\"\n"                    // 19
    "role = \"machine\"\n"              // 20
    "count = 4\n"                       // 21
    "lan = \"office\"\n"                // 22
    "[[step]]\n"                        // 23
    "at = \"2 s\"\n"                    // 24
    "do = \"start\"\n"                  // 25
    "who = \"m*\"\n"                    // 26
    "[[step]]\n"                        // 27
    "after = \"booted 2\"\n"            // 28
    "do = \"kill\"\n"                   // 29
    "who = [\"prov*\"]\n"               // 30
    "pick = 1\n"                        // 31
    "[[expect]]\n"                      // 32
    "what = \"boots\"\n"                // 33
    "[[expect]]\n"                      // 34
    "what = \"uplink\"\n"               // 35
    "who = \"lan:office\"\n"            // 36
    "at_most = 1.5\n";                  // 37

/// Of the good file with `from`, which stands in it, replaced once.
Result<Scenario> altered(const std::string& from, const std::string& to) {
  std::string text = kGood;
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return parse_scenario(text, "small");
}

/// The refusal is kConfig and has all of `parts`, in that order.
void expect_refused(const Result<Scenario>& read, const std::vector<std::string>& parts) {
  ASSERT_FALSE(read.ok()) << "taken, instead of: " << parts.front();
  EXPECT_EQ(read.error().code, ErrorCode::kConfig);
  std::size_t at = 0;
  for (const std::string& part : parts) {
    const auto found = read.error().detail.find(part, at);
    EXPECT_NE(found, std::string::npos) << "no '" << part << "' in: " << read.error().detail;
    if (found != std::string::npos) at = found + part.size();
  }
}

TEST(ScenarioFile, EveryOneOfOursIsRead) {
  const auto listed = list_scenarios(kScenarios);
  ASSERT_TRUE(listed.ok()) << listed.error().detail;
  EXPECT_GE(listed->size(), 20u) << "the folder was not read";
  for (const ListedScenario& one : *listed) {
    EXPECT_TRUE(one.readable) << one.path << ": " << one.title;
    EXPECT_FALSE(one.title.empty()) << one.path;
    EXPECT_EQ(one.name, fs::path(one.path).stem().string());
  }
}

TEST(ScenarioFile, ValuesAreThoseThatWereSaid) {
  const auto read = parse_scenario(kGood, "small");
  ASSERT_TRUE(read.ok()) << read.error().detail;
  EXPECT_EQ(read->name, "small");
  EXPECT_EQ(read->title, "Small");
  EXPECT_EQ(read->time_limit, std::chrono::minutes(1));
  EXPECT_EQ(read->image_bytes, std::uint64_t{4} << 20);
  EXPECT_FALSE(read->real_kernel);
  ASSERT_EQ(read->lans.size(), 1u);
  EXPECT_EQ(read->lans[0].uplink.bits_per_second, 10'000'000u);
  ASSERT_EQ(read->hosts.size(), 3u);
  const HostChoice& provider = read->hosts[1];
  EXPECT_EQ(provider.role, HostRole::kProvider);
  EXPECT_EQ(provider.count, 3u);
  EXPECT_TRUE(provider.from_start);
  EXPECT_EQ(provider.link.rate.bits_per_second, 25'000'000u);
  EXPECT_EQ(provider.link.path.delay, std::chrono::milliseconds(25));
  EXPECT_DOUBLE_EQ(provider.link.path.loss, 0.01);
  EXPECT_FALSE(read->hosts[2].from_start) << "a machine is switched on by a step";
  EXPECT_EQ(read->hosts[2].lan, "office");
  ASSERT_EQ(read->timeline.size(), 2u);
  EXPECT_EQ(read->timeline[0].at, std::chrono::seconds(2));
  EXPECT_EQ(read->timeline[1].action, Action::kKill);
  EXPECT_EQ(read->timeline[1].after, "booted 2");
  EXPECT_EQ(read->timeline[1].targets.pick, 1u);
  ASSERT_EQ(read->expectations.size(), 2u);
  EXPECT_EQ(read->expectations[1].what, Expected::kUplinkImages);
  EXPECT_DOUBLE_EQ(read->expectations[1].limit, 1.5);
}

TEST(ScenarioFile, AnUnknownKeyNamesItsLineAndTheOneThatWasMeant) {
  expect_refused(altered("time_limit", "time_limt"), {"line 2: ", "time_limt", "time_limit"});
  expect_refused(altered("count = 3", "cuont = 3"), {"line 14: [[host]]", "cuont", "count"});
  expect_refused(altered("uplink", "uplinc"), {"line 7: [[lan]]", "uplinc", "uplink"});
  expect_refused(altered("pick = 1", "pik = 1"), {"line 31: [[step]]", "pik", "pick"});
  expect_refused(altered("at_most", "atmost"), {"line 37: [[expect]]", "atmost", "at_most"});
}

TEST(ScenarioFile, AnUnknownWordNamesItsLineAndTheOneThatWasMeant) {
  expect_refused(altered("\"provider\"", "\"provder\""), {"line 13: role", "provder", "provider"});
  expect_refused(altered("\"kill\"", "\"kil\""), {"line 29: do", "kil", "kill"});
  expect_refused(altered("\"boots\"", "\"boot\""), {"line 33: what", "boot", "boots"});
  expect_refused(altered("lan = \"office\"", "lan = \"ofice\""), {"line 22: lan", "ofice", "office"});
}

TEST(ScenarioFile, FiguresHaveTheUnitOfWhatTheyMeasure) {
  expect_refused(altered("\"1 min\"", "\"1 MiB\""), {"line 2: time_limit", "duration", "1 MiB"});
  expect_refused(altered("\"1 min\"", "60"), {"line 2: time_limit", "duration"});
  expect_refused(altered("\"1 min\"", "\"-1 min\""), {"line 2: time_limit", "duration"});
  expect_refused(altered("\"1 min\"", "\"25 h\""), {"line 2: time_limit", "at most 24 h"});
  expect_refused(altered("\"4 MiB\"", "\"4 MB\""), {"line 4: image", "size", "4 MB"});
  expect_refused(altered("\"25 Mbit/s\"", "\"25 MiB\""), {"line 15: rate", "10 Mbit/s", "25 MiB"});
  expect_refused(altered("\"25 Mbit/s\"", "\"1 kbit/s\""), {"line 15: rate", "at least 8 kbit/s"});
  expect_refused(altered("\"1 %\"", "\"101 %\""), {"line 17: loss", "share"});
  expect_refused(altered("\"1 %\"", "nan"), {"line 17: loss"});
}

TEST(ScenarioFile, NamesAreThoseOfItsHosts) {
  expect_refused(altered("\"prov*\"", "\"porv*\""), {"line 30: who", "nothing is called 'porv*'", "prov*"});
  expect_refused(altered("\"prov*\"", "\"prov4\""), {"line 30: who", "prov4"});
  expect_refused(altered("\"prov*\"", "\"lan:office\""), {"line 30: who", "is a LAN"});
  expect_refused(altered("\"lan:office\"", "\"lan:home\""), {"line 36: who", "lan:home"});
  expect_refused(altered("booted 2", "booted 5"), {"line 28: after", "4 machines"});
  expect_refused(altered("booted 2", "booted prov1"), {"line 28: after", "prov1"});
  expect_refused(altered("pick = 1", "pick = 4"), {"line 27: pick", "3"});
  expect_refused(altered("\"m\"", "\"prov1\"\n#"), {"prov1"});
}

TEST(ScenarioFile, APartitionHasTwoGroupsThatShareNobody) {
  const auto split = [](const std::string& groups) {
    return altered("do = \"kill\"\nwho = [\"prov*\"]\npick = 1", "do = \"partition\"\ngroups = " + groups);
  };
  const auto good = split("[[\"pub\", \"prov1\"], [\"prov2\"]]");
  ASSERT_TRUE(good.ok()) << good.error().detail;
  EXPECT_EQ(good->timeline[1].groups,
            (std::vector<std::vector<std::string>>{{"pub", "prov1"}, {"prov2"}}));
  expect_refused(split("[[\"pub\", \"prov*\"]]"), {"line 30: groups", "two groups"});
  expect_refused(split("[]"), {"line 30: groups", "two groups"});
  expect_refused(split("[[\"prov*\"], [\"prov2\"]]"), {"line 30: groups", "prov2", "two groups"});
  expect_refused(split("[[\"pub\"], [\"m*\"]]"), {"line 30: groups", "m*", "LAN"});
}

TEST(ScenarioFile, WhatShowsNothingIsRefused) {
  std::string text = kGood;
  expect_refused(parse_scenario(text.substr(0, text.find("[[expect]]")), "x"), {"expect"});
  expect_refused(altered("role = \"publisher\"", "role = \"provider\""), {"publisher"});
  expect_refused(altered("what = \"boots\"", "what = \"attacked\""), {"line 33: what", "no hostile hosts"});
  expect_refused(altered("what = \"boots\"", "what = \"boots\"\nwithin = \"1 s\""), {"line 34: within", "boots"});
  expect_refused(parse_scenario("", "x"), {"line "});
}

TEST(ScenarioFile, TextIsAsciiOfLimitedSize) {
  const std::string large = kGood + std::string(kMaxScenarioBytes, '#');
  expect_refused(parse_scenario(large, "x"), {"over 65536 bytes"});
  expect_refused(altered("\"Small\"", "\"Sm\xc3\xa4ll\""), {"line 1: ", "ASCII"});
  expect_refused(altered("\"4 MiB\"", "\"4 MiB\" # \xe2\x80\xa6"), {"line 4: ", "ASCII"});
  expect_refused(altered("\"4 MiB\"", std::string("\"4 MiB\" # \0", 11)), {"line 4: ", "ASCII"});
  expect_refused(altered("\"Small\"", "\"Small"), {"line 1: "});
}

TEST(ScenarioFile, NestingDoesNotEndTheProgram) {
  const std::string many(30'000, '[');
  EXPECT_FALSE(parse_scenario("a = " + many, "x").ok());
  expect_refused(parse_scenario("a = [[[[[[1]]]]]]", "x"), {"line 1: ", "too deep"});
  std::string dots = "a";
  for (int i = 0; i < 20'000; ++i) dots += ".a";
  expect_refused(parse_scenario(dots + " = 1", "x"), {"dots"});
}

TEST(ScenarioFile, HostsAreCapped) {
  expect_refused(altered("count = 3", "count = 100001"), {"line 14: count"});
  expect_refused(altered("count = 4", "count = 201"), {"200 hosts in LAN 'office'"});
}

TEST(ScenarioFile, AnErrorOfAFileNamesIt) {
  const auto missing = read_scenario_file(kScenarios + "/none.toml");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_NE(missing.error().detail.find("none.toml"), std::string::npos);
}

}  // namespace
}  // namespace phase::sim
