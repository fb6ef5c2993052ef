#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "boot/machine/options.h"

namespace phase::boot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

NextCmdline next(std::string_view signed_cmdline, std::string_view current,
                 const std::vector<std::string>& allowed = {}) {
  auto out = next_cmdline(signed_cmdline, parse_options(current).options, allowed);
  EXPECT_TRUE(out.ok());
  return *out;
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
                        {"loglevel", "nosmp"});
  EXPECT_EQ(out.text, "quiet loglevel=3 nosmp");
  EXPECT_THAT(out.left_out, ElementsAre(HasSubstr("mitigations=off")));
  EXPECT_EQ(next("quiet", "phase.append=loglevel=3").text, "quiet");
}

TEST(NextCmdline, NeverPassesWhatTakesTheMachineOver) {
  const std::vector<std::string> words = {"init=/bin/sh", "rdinit=/bin/sh", "rd.break", "rd.break=x",
                                          "lockdown=none", "lockdown", "module.sig_enforce=0",
                                          "module.sig-enforce=0"};
  for (const auto& word : words) {
    const auto out = next("quiet", "phase.append=\"" + word + "\"",
                          {"init", "rdinit", "rd.break", "lockdown", "module.sig_enforce"});
    EXPECT_EQ(out.text, "quiet") << word;
    EXPECT_THAT(out.left_out, SizeIs(1)) << word;
  }
}

TEST(NextCmdline, ControlCharactersAndQuotesDoNotPass) {
  BootOptions current;
  current.append = "a=\x01 b=\"x c=\xff d=1";
  const auto out = next_cmdline("quiet", current, {"a", "b", "c", "d"});
  ASSERT_TRUE(out.ok());
  // The open quote makes one word of all that follows it.
  EXPECT_EQ(out->text, "quiet");
  EXPECT_THAT(out->left_out, SizeIs(2));
  for (const auto& line : out->left_out) {
    for (const char c : line) EXPECT_TRUE(c >= ' ' && c <= '~');
  }
  current.append.clear();
  current.consoles = {"tty0 init=/bin/sh"};
  EXPECT_EQ(next_cmdline("quiet", current, {})->text, "quiet");
}

TEST(NextCmdline, WhatIsAddedStandsInFrontOfTheArgumentsOfInit) {
  EXPECT_EQ(next("quiet -- single a", "console=ttyS0").text, "quiet console=ttyS0 -- single a");
  EXPECT_EQ(next("quiet", "phase.append=\"-- x\"", {"x", "--"}).text, "quiet x");
}

TEST(NextCmdline, TheModeOfThisBootHoldsForTheNextSystem) {
  EXPECT_EQ(next("quiet", "phase.mode=private").text, "quiet phase.mode=private");
  EXPECT_EQ(next("quiet phase.mode=internet", "phase.mode=local").text,
            "quiet phase.mode=internet phase.mode=local") << "the last one counts";
  EXPECT_EQ(next("quiet", "phase.mode=internet").text, "quiet");
}

TEST(NextCmdline, QuotedWordsOfTheSignedLineStayWhole) {
  EXPECT_EQ(next("dyndbg=\"file a +p\" x", "console=ttyS0").text,
            "dyndbg=\"file a +p\" x console=ttyS0");
}

TEST(NextCmdline, KeepsTheKernelsLimit) {
  const std::string signed_cmdline(2040, 'x');
  const auto out = next(signed_cmdline, "console=ttyS0 phase.append=\"a=1 b=22\"", {"a", "b"});
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
