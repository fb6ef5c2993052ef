#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "boot/machine/options.h"

namespace phase::boot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// {name, type} each, as in the trust file's [command_line].
using Table = std::vector<std::pair<const char*, const char*>>;

std::vector<OptionRule> rules(const Table& table) {
  std::vector<OptionRule> out;
  for (const auto& [name, type] : table) {
    auto rule = parse_option_rule(name, type);
    EXPECT_TRUE(rule.ok()) << name << " " << type;
    if (rule) out.push_back(*rule);
  }
  return out;
}

NextCmdline next_by(std::string_view signed_cmdline, std::string_view current,
                    const std::vector<OptionRule>& by) {
  auto out = next_cmdline(signed_cmdline, parse_options(current).options, by);
  EXPECT_TRUE(out.ok());
  return *out;
}

/// With the rules that hold without a table, and these.
NextCmdline next(std::string_view signed_cmdline, std::string_view current,
                 const Table& table = {}) {
  auto by = default_option_rules();
  for (const auto& rule : rules(table)) by.push_back(rule);
  return next_by(signed_cmdline, current, by);
}

TEST(NextCmdline, IsTheSignedOneWithConsoleIpAndBootif) {
  const auto out = next("quiet panic=5",
                        "console=tty0 console=ttyS0,115200n8 ip=dhcp BOOTIF=01-52-54-00-12-34-56 "
                        "root=/dev/evil phase.debug=1 nosmp");
  EXPECT_EQ(out.text,
            "quiet panic=5 console=tty0 console=ttyS0,115200n8 ip=dhcp "
            "BOOTIF=01-52-54-00-12-34-56");
  EXPECT_THAT(out.left_out, IsEmpty());
}

TEST(NextCmdline, NamesAConsoleOfTheSignedLineOnlyOnce) {
  EXPECT_EQ(next("console=ttyS0 quiet", "console=ttyS0").text, "console=ttyS0 quiet");
  EXPECT_EQ(next("console=tty0 console=ttyS0", "console=tty0 console=ttyS0").text,
            "console=tty0 console=ttyS0");
  EXPECT_EQ(next("console=tty0 console=ttyS0", "console=ttyS0").text, "console=tty0 console=ttyS0");
  EXPECT_EQ(next("console=tty0 console=ttyS0", "console=tty0 console=ttyS1").text,
            "console=tty0 console=ttyS0 console=ttyS1");
  EXPECT_EQ(
      next("\"console=tty0\" console=\"ttyS0,115200\"", "console=tty0 console=ttyS0,115200").text,
      "\"console=tty0\" console=\"ttyS0,115200\"");
  EXPECT_THAT(next("console=ttyS0", "console=ttyS0").left_out, IsEmpty());
}

// /dev/console is the console named last: what is left out must not change which one that is.
TEST(NextCmdline, EndsWithTheLastConsoleOfThisBoot) {
  EXPECT_EQ(next("console=tty0 console=ttyS0", "console=tty0").text,
            "console=tty0 console=ttyS0 console=tty0");
  EXPECT_EQ(next("console=tty0 console=ttyS0", "console=ttyS0 console=tty0").text,
            "console=tty0 console=ttyS0 console=tty0");
  // The signed line ends with it, but another one of this boot would come behind.
  EXPECT_EQ(next("console=ttyS0", "console=tty0 console=ttyS0").text,
            "console=ttyS0 console=tty0 console=ttyS0");
  // Another word: only the kernel knows whether it is the same console.
  EXPECT_EQ(next("console=ttyS0", "console=ttyS0,115200").text,
            "console=ttyS0 console=ttyS0,115200");
}

TEST(NextCmdline, ConsolesBehindTheSignedLinesSeparatorAreNotTheKernels) {
  EXPECT_EQ(next("quiet -- console=ttyS0", "console=ttyS0").text,
            "quiet console=ttyS0 -- console=ttyS0");
}

TEST(NextCmdline, PassesFromAppendOnlyWhatTheTrustFileAllows) {
  const auto out = next("quiet", "phase.append=\"loglevel=3 nosmp mitigations=off\"",
                        {{"loglevel", "0..8"}, {"nosmp", "flag"}});
  EXPECT_EQ(out.text, "quiet loglevel=3 nosmp");
  EXPECT_THAT(out.left_out, ElementsAre(HasSubstr("mitigations=off")));
  EXPECT_EQ(next("quiet", "phase.append=loglevel=3").text, "quiet");
}

TEST(NextCmdline, AValuePassesByItsType) {
  const Table table = {{"loglevel", "0..8"}, {"nosmp", "flag"}, {"audit", "bool"},
                       {"hostname", "a|b"}};
  for (const char* good : {"loglevel=0", "nosmp", "audit=off", "hostname=b"}) {
    EXPECT_EQ(next("quiet", std::string("phase.append=") + good, table).text,
              std::string("quiet ") + good);
  }
  for (const char* bad : {"loglevel=9", "loglevel", "nosmp=1", "audit=maybe", "hostname=c"}) {
    const auto out = next("quiet", std::string("phase.append=") + bad, table);
    EXPECT_EQ(out.text, "quiet") << bad;
    EXPECT_THAT(out.left_out, ElementsAre(HasSubstr("[command_line] lets it pass as"))) << bad;
  }
}

TEST(NextCmdline, AnUnsignedWordDoesNotReplaceASignedOne) {
  const Table table = {{"systemd.unit", "word"}, {"audit_backlog", "0..9"}, {"quiet", "flag"}};
  for (const char* line : {"systemd.unit=a.target", "\"systemd.unit=a.target\"",
                           "x -- systemd.unit=a.target", "systemd.unit"}) {
    const auto out = next(line, "phase.append=systemd.unit=b.target", table);
    EXPECT_EQ(out.text, line);
    EXPECT_THAT(out.left_out, ElementsAre(HasSubstr("the signed command line has it already")));
  }
  EXPECT_EQ(next("audit-backlog=1", "phase.append=audit_backlog=2", table).text, "audit-backlog=1");
  EXPECT_EQ(next("ip=off BOOTIF=52:54:00:00:00:01", "ip=dhcp BOOTIF=52:54:00:00:00:02").text,
            "ip=off BOOTIF=52:54:00:00:00:01");
  EXPECT_EQ(next("quiet", "phase.append=quiet", table).text, "quiet");
}

// A vault: the table is there and empty.
TEST(NextCmdline, ATableThatNamesNothingLetsNothingPass) {
  const auto out = next_by("quiet", "console=ttyS0 ip=dhcp BOOTIF=01-52-54-00-12-34-56 "
                                    "phase.append=\"console=tty0 a=b\"", {});
  EXPECT_EQ(out.text, "quiet");
  EXPECT_THAT(out.left_out, SizeIs(5));
  EXPECT_EQ(next_by("quiet", "console=ttyS0 console=tty1", rules({{"console", "tty0|tty1"}})).text,
            "quiet console=tty1");
}

TEST(NextCmdline, NoOptionOfOursPassesByAppend) {
  const auto out = next("quiet", "phase.append=\"phase.key=x phase.mode=internet phase.onfail=shell\"");
  EXPECT_EQ(out.text, "quiet");
  EXPECT_THAT(out.left_out, SizeIs(3));
}

TEST(NextCmdline, NeverPassesWhatTakesTheMachineOver) {
  const std::vector<std::string> words = {"init=/bin/sh", "rdinit=/bin/sh", "rd.break", "rd.break=x",
                                          "lockdown=none", "lockdown", "module.sig_enforce=0",
                                          "module.sig-enforce=0"};
  // No trust file can say so (parse_option_rule() refuses it); were there such a rule, it would
  // count for nothing.
  std::vector<OptionRule> by;
  for (const char* name : {"init", "rdinit", "rd.break", "lockdown", "module.sig_enforce"}) {
    by.push_back(OptionRule{.name = name});
    by.push_back(OptionRule{.name = name, .kind = OptionRule::Kind::kFlag});
  }
  for (const auto& word : words) {
    const auto out = next_by("quiet", "phase.append=\"" + word + "\"", by);
    EXPECT_EQ(out.text, "quiet") << word;
    EXPECT_THAT(out.left_out, SizeIs(1)) << word;
  }
}

TEST(NextCmdline, ControlCharactersAndQuotesDoNotPass) {
  BootOptions current;
  current.append = "a=\x01 b=\"x c=\xff d=1";
  const auto out = next_cmdline(
      "quiet", current, rules({{"a", "word"}, {"b", "word"}, {"c", "word"}, {"d", "word"}}));
  ASSERT_TRUE(out.ok());
  // The open quote makes one word of all that follows it.
  EXPECT_EQ(out->text, "quiet");
  EXPECT_THAT(out->left_out, SizeIs(2));
  for (const auto& line : out->left_out) {
    for (const char c : line) EXPECT_TRUE(c >= ' ' && c <= '~');
  }
  current.append.clear();
  current.consoles = {"tty0 init=/bin/sh"};
  EXPECT_EQ(next_cmdline("quiet", current, default_option_rules())->text, "quiet");
}

TEST(NextCmdline, WhatIsAddedStandsInFrontOfTheArgumentsOfInit) {
  EXPECT_EQ(next("quiet -- single a", "console=ttyS0").text, "quiet console=ttyS0 -- single a");
  EXPECT_EQ(next("quiet", "phase.append=\"-- x\"", {{"x", "flag"}}).text, "quiet x");
}

TEST(NextCmdline, TheModeOfThisBootHoldsForTheNextSystem) {
  EXPECT_EQ(next("quiet", "phase.mode=private").text, "quiet phase.mode=private");
  EXPECT_EQ(next("quiet phase.mode=internet", "phase.mode=local").text,
            "quiet phase.mode=internet phase.mode=local") << "the last one counts";
  EXPECT_EQ(next("quiet", "phase.mode=internet").text, "quiet");
  EXPECT_EQ(next_by("quiet", "phase.mode=local", {}).text, "quiet phase.mode=local");
}

TEST(NextCmdline, AModeThatWasSignedIsNotTakenBack) {
  EXPECT_EQ(next("phase.mode=private", "phase.mode=local").text, "phase.mode=private");
  EXPECT_EQ(next("phase.mode=private", "phase.mode=private").text, "phase.mode=private");
  EXPECT_EQ(next("phase.mode=local", "phase.mode=internet").text, "phase.mode=local");
  EXPECT_EQ(next("phase.mode=local", "phase.mode=private").text,
            "phase.mode=local phase.mode=private");
  EXPECT_EQ(next("phase.mode=private phase.mode=internet", "phase.mode=local").text,
            "phase.mode=private phase.mode=internet phase.mode=local");
}

TEST(NextCmdline, QuotedWordsOfTheSignedLineStayWhole) {
  EXPECT_EQ(next("dyndbg=\"file a +p\" x", "console=ttyS0").text,
            "dyndbg=\"file a +p\" x console=ttyS0");
}

TEST(NextCmdline, KeepsTheKernelsLimit) {
  const std::string signed_cmdline(2040, 'x');
  const auto out = next(signed_cmdline, "console=ttyS0 phase.append=\"a=1 b=22\"",
                        {{"a", "0..9"}, {"b", "0..99"}});
  EXPECT_EQ(out.text, signed_cmdline + " a=1");
  EXPECT_LE(out.text.size(), 2047U);
  EXPECT_THAT(out.left_out, SizeIs(2));
  EXPECT_FALSE(next_cmdline(std::string(2048, 'x'), {}, {}).ok());
  EXPECT_TRUE(next_cmdline(std::string(2047, 'x'), {}, {}).ok());
}

TEST(NextCmdline, RefusesASignedLineThatIsNotPrintable) {
  EXPECT_FALSE(next_cmdline("a\nb", {}, {}).ok());
  EXPECT_FALSE(next_cmdline("a=\"b", {}, {}).ok());
}

}  // namespace
}  // namespace phase::boot
