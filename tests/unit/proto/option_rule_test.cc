// The typed keys of a trust file's [command_line]: which types there are, what each lets pass,
// and which names no rule may ever name.
#include "proto/option_rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace phase {
namespace {

using ::testing::HasSubstr;

OptionRule rule(std::string_view type) {
  const auto parsed = parse_option_rule("a.b-c_d", type);
  EXPECT_TRUE(parsed.ok()) << type;
  return parsed ? *parsed : OptionRule{};
}

TEST(OptionRule, AFlagHasNoValue) {
  EXPECT_TRUE(admits(rule("flag"), std::nullopt));
  EXPECT_FALSE(admits(rule("flag"), ""));
  EXPECT_FALSE(admits(rule("flag"), "1"));
}

TEST(OptionRule, OnlyAFlagStandsWithoutAValue) {
  for (const char* type : {"bool", "word", "0..8", "a|b"}) {
    EXPECT_FALSE(admits(rule(type), std::nullopt)) << type;
    EXPECT_FALSE(admits(rule(type), "")) << type;
  }
}

TEST(OptionRule, ABooleanIsOneOfTheKernelsWords) {
  for (const char* value : {"0", "1", "y", "n", "on", "off", "true", "false", "yes", "no"}) {
    EXPECT_TRUE(admits(rule("bool"), value)) << value;
  }
  for (const char* value : {"2", "01", "maybe", "0 init", "enabled"}) {
    EXPECT_FALSE(admits(rule("bool"), value)) << value;
  }
}

TEST(OptionRule, AnIntegerIsWithinItsRange) {
  for (const char* value : {"0", "7", "8"}) EXPECT_TRUE(admits(rule("0..8"), value)) << value;
  for (const char* value : {"-1", "9", "+3", "3 ", " 3", "3x", "0x3", "99999999999999999999"}) {
    EXPECT_FALSE(admits(rule("0..8"), value)) << value;
  }
  EXPECT_TRUE(admits(rule("-3..-1"), "-2"));
  EXPECT_FALSE(admits(rule("-3..-1"), "0"));
  EXPECT_TRUE(admits(rule("-9223372036854775808..9223372036854775807"), "-9223372036854775808"));
}

// simple_strtol() with base 0 reads "010" as 8: what is checked must be what the kernel reads.
TEST(OptionRule, AnIntegerHasNoZeroInFront) {
  for (const char* value : {"010", "00", "-0", "-01"}) {
    EXPECT_FALSE(admits(rule("-20..20"), value)) << value;
  }
}

TEST(OptionRule, AChoiceIsOneOfItsWords) {
  EXPECT_TRUE(admits(rule("a|b.c|9"), "b.c"));
  for (const char* value : {"c", "a|b.c", "A"}) EXPECT_FALSE(admits(rule("a|b.c|9"), value));
}

TEST(OptionRule, AWordHoldsNothingThatSplitsOrQuotes) {
  EXPECT_TRUE(admits(rule("word"), "ttyS0,115200n8"));
  EXPECT_TRUE(admits(rule("word"), "10.0.0.2::10.0.0.1:255.0.0.0:h:eth0:off"));
  EXPECT_TRUE(admits(rule("word"), "a/b@c+d-e_f"));
  EXPECT_TRUE(admits(rule("word"), std::string(256, 'x')));
  EXPECT_FALSE(admits(rule("word"), std::string(257, 'x')));
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      std::string_view("._:/@,+-").find(c) != std::string_view::npos;
    EXPECT_EQ(admits(rule("word"), std::string("x") + c), good) << byte;
  }
}

TEST(OptionRule, NoRuleNamesWhatNeverPasses) {
  for (const char* name : {"init", "rdinit", "rd.break", "lockdown", "module.sig_enforce",
                           "module.sig-enforce", "phase.key", "phase.mode", "phase.min-version",
                           "phase."}) {
    EXPECT_TRUE(never_passes(name)) << name;
    const auto refused = parse_option_rule(name, "word");
    ASSERT_FALSE(refused.ok()) << name;
    EXPECT_EQ(refused.error().code, ErrorCode::kConfig);
    EXPECT_THAT(refused.error().detail, HasSubstr("never passes"));
  }
  for (const char* name : {"initcall_debug", "init.x", "rd.breakx", "phase", "phasex.y", "Init"}) {
    EXPECT_FALSE(never_passes(name)) << name;
  }
}

TEST(OptionRule, ANameIsOneTheKernelCouldRead) {
  EXPECT_TRUE(parse_option_rule(std::string(64, 'n'), "flag").ok());
  for (const auto& name : {std::string(), std::string(65, 'n'), std::string("a=b"),
                           std::string("a b"), std::string("a\nb"), std::string("\"a"),
                           std::string("--"), std::string(".a")}) {
    const auto refused = parse_option_rule(name, "flag");
    ASSERT_FALSE(refused.ok()) << name;
    EXPECT_EQ(refused.error().code, ErrorCode::kConfig);
  }
}

TEST(OptionRule, AnUnknownTypeIsRefused) {
  for (const char* type :
       {"", "Flag", "integer", "word ", "8..0", "..8", "0..", "0..x", "0..8..9", "01..8", "0...8",
        "a|", "|a", "a||b", "a|a", "a b|c", "a|\n", "99999999999999999999..3"}) {
    EXPECT_FALSE(parse_option_rule("a", type).ok()) << type;
  }
  std::string many = "w0";
  for (int i = 1; i < 33; ++i) many += "|w" + std::to_string(i);
  EXPECT_FALSE(parse_option_rule("a", many).ok());
  EXPECT_TRUE(parse_option_rule("a", many.substr(0, many.rfind('|'))).ok());
}

TEST(OptionRule, TheTypeReadsBackAsTheSameRule) {
  for (const char* type : {"flag", "bool", "word", "0..8", "-5..-5", "a|b|c"}) {
    EXPECT_EQ(type_of(rule(type)), type);
    const auto again = parse_option_rule("a.b-c_d", type_of(rule(type)));
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(*again, rule(type));
  }
}

TEST(OptionRule, WithoutATableThisBootsConsoleAndNetworkPass) {
  std::string names;
  for (const auto& each : default_option_rules()) {
    EXPECT_EQ(each.kind, OptionRule::Kind::kWord);
    names += each.name + " ";
  }
  EXPECT_EQ(names, "BOOTIF console ip ");
}

}  // namespace
}  // namespace phase
