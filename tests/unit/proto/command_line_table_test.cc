// [command_line] of the trust file: what may pass into the next command line unsigned.
#include "proto/trust.h"
#include "tests/unit/proto/support.h"

namespace phase {
namespace {

using test::key;
using testing::HasSubstr;

std::string keys_line() { return "release_keys = ['" + key(1).public_key().hex() + "']\n"; }

std::vector<OptionRule> table(const std::string& text) {
  const auto policy = parse_trust_file(keys_line() + text);
  EXPECT_TRUE(policy.ok()) << policy.error().detail;
  return policy ? policy->command_line : std::vector<OptionRule>{};
}

void expect_refused(const std::string& text, const std::string& expected) {
  const auto parsed = parse_trust_file(keys_line() + text);
  ASSERT_FALSE(parsed.ok()) << "accepted: " << text;
  EXPECT_EQ(parsed.error().code, ErrorCode::kConfig);
  EXPECT_THAT(parsed.error().detail, HasSubstr(expected)) << text;
}

TEST(CommandLineTable, WithoutItTheDefaultHolds) {
  EXPECT_EQ(table(""), default_option_rules());
}

TEST(CommandLineTable, WhereItStandsItIsTheWholeList) {
  const auto rules = table("[command_line]\n'systemd.unit' = 'word'\nloglevel = '0..8'\n");
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(rules[0], *parse_option_rule("loglevel", "0..8"));
  EXPECT_EQ(rules[1], *parse_option_rule("systemd.unit", "word"));
  EXPECT_TRUE(table("[command_line]\n").empty());
  EXPECT_TRUE(table("command_line = {}\n").empty());
}

TEST(CommandLineTable, ReadsBackAsItWasWritten) {
  for (const char* text : {"", "[command_line]\n",
                           "[command_line]\nquiet = 'flag'\naudit = 'bool'\nloglevel = '0..8'\n"
                           "hostname = 'a|b'\n'systemd.unit' = 'word'\n[min_version]\nstable = 3\n"}) {
    const auto policy = parse_trust_file(keys_line() + text);
    ASSERT_TRUE(policy.ok()) << policy.error().detail;
    const auto again = parse_trust_file(serialize_trust_file(*policy));
    ASSERT_TRUE(again.ok()) << again.error().detail;
    EXPECT_EQ(again->command_line, policy->command_line);
    EXPECT_EQ(again->min_version, policy->min_version);
  }
}

TEST(CommandLineTable, RefusesEveryBrokenRuleAndNamesItsLine) {
  expect_refused("command_line = 1", "line 2: command_line is a table");
  expect_refused("command_line = ['quiet']", "line 2: command_line is a table");
  expect_refused("[command_line]\nquiet = true", "line 3: command_line: quiet: its type is a string");
  expect_refused("[command_line]\nquiet = 'Flag'", "line 3: command_line: quiet: its type is");
  expect_refused("[command_line]\n\nloglevel = '8..0'", "line 4: command_line: loglevel: a range");
  expect_refused("[command_line]\nsystemd.unit = 'word'", "line 3: command_line: systemd");
  expect_refused("[command_line]\n'a b' = 'flag'", "line 3: command_line: the name of a kernel");
  expect_refused("[command_line]\n'a-b' = 'flag'\na_b = 'flag'", "names a_b twice");
  expect_refused("append_allowed = ['quiet']", "line 2: unknown key 'append_allowed'");
  std::string many = "[command_line]\n";
  for (int i = 0; i < 65; ++i) many += "o" + std::to_string(i) + " = 'flag'\n";
  expect_refused(many, "at most 64 options");
}

TEST(CommandLineTable, WhatNeverPassesCannotBeNamed) {
  for (const char* name : {"init", "rdinit", "rd.break", "lockdown", "module.sig_enforce",
                           "module.sig-enforce", "phase.key", "phase.mode"}) {
    expect_refused("[command_line]\n'" + std::string(name) + "' = 'word'",
                   "line 3: command_line: " + std::string(name) + ": it never passes");
  }
}

}  // namespace
}  // namespace phase
