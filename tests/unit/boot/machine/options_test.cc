#include "boot/machine/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace phase::boot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kKey = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

TEST(Options, AnEmptyLineGivesTheDefaults) {
  const auto parsed = parse_options("");
  EXPECT_THAT(parsed.errors, IsEmpty());
  EXPECT_THAT(parsed.warnings, IsEmpty());
  EXPECT_EQ(parsed.options.mode, Mode::kInternet);
  EXPECT_EQ(parsed.options.channel, "stable");
  EXPECT_EQ(parsed.options.on_fail, OnFail::kRetry);
  EXPECT_EQ(parsed.options.ip.method, IpOption::Method::kDhcp);
  EXPECT_FALSE(parsed.options.key);
  EXPECT_FALSE(parsed.options.timeout);
}

TEST(Options, ReadsEveryOptionOfALineAsItIsUsed) {
  const auto parsed = parse_options(
      std::string("BOOT_IMAGE=/k root=/dev/ram0 console=tty0 console=ttyS0,115200n8 "
                  "phase.mode=private phase.key=") +
      kKey +
      " phase.channel=edge phase.provider=http://10.0.0.1:8080/x "
      "phase.bootstrap=10.0.0.2:6881,dht.example.org:25401,[fd00::1]:6881 phase.cache=0 "
      "phase.nowrite phase.min_version=18446744073709551615 phase.timeout=600 "
      "phase.onfail=poweroff phase.append=\"quiet loglevel=3\" phase.log=LOGS "
      "phase.proxy=socks5://10.0.0.3:9050 phase.debug=true ip=dhcp BOOTIF=01-52-54-00-12-34-56\n");
  EXPECT_THAT(parsed.errors, IsEmpty());
  EXPECT_THAT(parsed.warnings, IsEmpty());
  const auto& options = parsed.options;
  EXPECT_EQ(options.mode, Mode::kPrivate);
  ASSERT_TRUE(options.key);
  EXPECT_EQ(options.key->hex(), kKey);
  EXPECT_EQ(options.channel, "edge");
  EXPECT_EQ(options.provider, "http://10.0.0.1:8080/x");
  EXPECT_THAT(options.bootstrap,
              ElementsAre("10.0.0.2:6881", "dht.example.org:25401", "[fd00::1]:6881"));
  EXPECT_FALSE(options.cache);
  EXPECT_TRUE(options.nowrite);
  EXPECT_EQ(options.min_version, UINT64_MAX);
  EXPECT_EQ(options.timeout, std::chrono::seconds(600));
  EXPECT_EQ(options.on_fail, OnFail::kPoweroff);
  EXPECT_EQ(options.append, "quiet loglevel=3");
  EXPECT_EQ(options.log, "LOGS");
  ASSERT_TRUE(options.proxy);
  EXPECT_EQ(options.proxy->text(), "10.0.0.3:9050");
  EXPECT_TRUE(options.debug);
  EXPECT_EQ(options.ip_text, "dhcp");
  ASSERT_TRUE(options.boot_interface);
  EXPECT_EQ(mac_text(*options.boot_interface), "52:54:00:12:34:56");
  EXPECT_THAT(options.consoles, ElementsAre("tty0", "ttyS0,115200n8"));
}

TEST(Options, BooleansTakeAllFormsAndTheLastOneWins) {
  for (const std::string on : {"", "=1", "=true", "=enabled"}) {
    EXPECT_TRUE(parse_options("phase.debug=0 phase.debug" + on).options.debug) << on;
  }
  for (const std::string off : {"=0", "=false", "=disabled"}) {
    EXPECT_FALSE(parse_options("phase.debug phase.debug" + off).options.debug) << off;
  }
  for (const std::string wrong : {"=", "=2", "=TRUE", "=yes"}) {
    const auto parsed = parse_options("phase.debug" + wrong);
    EXPECT_FALSE(parsed.options.debug) << wrong;
    EXPECT_THAT(parsed.warnings, SizeIs(1)) << wrong;
  }
}

TEST(Options, TheLastValueWinsAlsoOverAWrongOne) {
  const auto good_last = parse_options("phase.mode=nonsense phase.mode=local phase.channel=a "
                                       "phase.channel=b phase.min_version=x phase.min_version=7");
  EXPECT_THAT(good_last.errors, IsEmpty());
  EXPECT_EQ(good_last.options.mode, Mode::kLocal);
  EXPECT_EQ(good_last.options.channel, "b");
  EXPECT_EQ(good_last.options.min_version, 7U);

  const auto bad_last = parse_options("phase.min_version=7 phase.min_version=x");
  ASSERT_THAT(bad_last.errors, SizeIs(1));
  EXPECT_EQ(bad_last.errors[0].code, ErrorCode::kUsage);
  EXPECT_THAT(bad_last.errors[0].detail, HasSubstr("phase.min_version=x"));
}

TEST(Options, WhatTrustDependsOnIsAnErrorWhereItIsWrong) {
  for (const std::string wrong :
       {"phase.key=abc", "phase.key=", "phase.key", "phase.min_version=-1", "phase.min_version=1x",
        "phase.min_version", "phase.min_version=18446744073709551616", "phase.mode=", "phase.mode",
        "phase.mode=Internet"}) {
    EXPECT_THAT(parse_options(wrong).errors, SizeIs(1)) << wrong;
  }
}

// Without the proxy that was asked for, a boot would tell everybody who asks.
TEST(Options, AProxyThatCannotBeUsedIsAnError) {
  for (const std::string wrong :
       {"phase.proxy", "phase.proxy=", "phase.proxy=10.0.0.3:9050", "phase.proxy=http://10.0.0.3:80",
        "phase.proxy=socks5://10.0.0.3", "phase.proxy=socks5://10.0.0.3:0",
        "phase.proxy=socks5://tor.example:9050", "phase.proxy=socks5://user@10.0.0.3:9050",
        "phase.proxy=socks5://10.0.0.3:9050/", "phase.proxy=SOCKS5://10.0.0.3:9050"}) {
    const auto parsed = parse_options("phase.mode=private " + wrong);
    ASSERT_THAT(parsed.errors, SizeIs(1)) << wrong;
    EXPECT_THAT(parsed.errors[0].detail, HasSubstr("socks5://ADDRESS:PORT")) << wrong;
    EXPECT_FALSE(parsed.options.proxy) << wrong;
  }
  const auto six = parse_options("phase.proxy=socks5://[fd00::3]:9050 phase.mode=private");
  EXPECT_THAT(six.errors, IsEmpty());
  ASSERT_TRUE(six.options.proxy);
  EXPECT_EQ(six.options.proxy->text(), "[fd00::3]:9050");
  for (const std::string mode : {"", " phase.mode=internet", " phase.mode=local"}) {
    const auto other = parse_options("phase.proxy=socks5://10.0.0.3:9050" + mode);
    ASSERT_THAT(other.errors, SizeIs(1)) << mode;
    EXPECT_THAT(other.errors[0].detail, HasSubstr("phase.mode=private")) << mode;
    EXPECT_FALSE(other.options.proxy) << mode;
  }
}

TEST(Options, TheCacheIsUsedUnlessItIsSwitchedOff) {
  EXPECT_TRUE(parse_options("").options.cache);
  EXPECT_TRUE(parse_options("phase.cache").options.cache);
  EXPECT_FALSE(parse_options("phase.cache=disabled").options.cache);
}

TEST(Options, AWordAboutDisksThatCannotBeReadIsAnError) {
  for (const char* wrong : {"phase.cache=none", "phase.nowrite=yes", "phase.nowrite="}) {
    EXPECT_THAT(parse_options(wrong).errors, SizeIs(1)) << wrong;
  }
}

TEST(Options, OtherWrongValuesAreWarningsAndTheDefaultStays) {
  for (const std::string wrong :
       {"phase.channel=../x", "phase.channel=", "phase.provider=ftp://x", "phase.provider=http://",
        "phase.provider=http:///x", "phase.bootstrap=nohost", "phase.bootstrap=h:0",
        "phase.bootstrap=h:65536", "phase.bootstrap=:6881", "phase.bootstrap=fd00::1:6881",
        "phase.timeout=0", "phase.timeout=", "phase.timeout=1e9", "phase.onfail=explode",
        "ip=bogus", "ip=300.1.1.1::::::", "BOOTIF=52:54", "console=../../etc/passwd"}) {
    const auto parsed = parse_options(wrong);
    EXPECT_THAT(parsed.errors, IsEmpty()) << wrong;
    EXPECT_THAT(parsed.warnings, SizeIs(1)) << wrong;
    EXPECT_EQ(parsed.options.channel, "stable");
    EXPECT_EQ(parsed.options.provider, "");
    EXPECT_THAT(parsed.options.bootstrap, IsEmpty());
    EXPECT_FALSE(parsed.options.timeout);
    EXPECT_TRUE(parsed.options.cache);
    EXPECT_EQ(parsed.options.on_fail, OnFail::kRetry);
    EXPECT_EQ(parsed.options.ip_text, "");
    EXPECT_EQ(parsed.options.boot_interface_text, "");
    EXPECT_THAT(parsed.options.consoles, IsEmpty());
  }
}

TEST(Options, AGoodBootstrapEntryStaysBesideAWrongOne) {
  const auto parsed = parse_options("phase.bootstrap=good:1,bad,also.good:2,");
  EXPECT_THAT(parsed.options.bootstrap, ElementsAre("good:1", "also.good:2"));
  EXPECT_THAT(parsed.warnings, ElementsAre(HasSubstr("bad")));
}

TEST(Options, AnUnknownOptionIsAWarningThatNamesTheNearestKnownOne) {
  EXPECT_THAT(parse_options("phase.chanel=x").warnings, ElementsAre(HasSubstr("phase.channel")));
  EXPECT_THAT(parse_options("phase.onfial=x").warnings, ElementsAre(HasSubstr("phase.onfail")));
  EXPECT_THAT(parse_options("phase.keys=x").warnings, ElementsAre(HasSubstr("phase.key?")));
  EXPECT_THAT(parse_options("phase.minversion=1").warnings,
              ElementsAre(HasSubstr("phase.min_version")));
  EXPECT_THAT(parse_options("phasex=1 foo.bar=2 quiet").warnings, IsEmpty());
}

TEST(Options, DashesAndUnderscoresInNamesAreTheSameAsInTheKernel) {
  EXPECT_EQ(parse_options("phase.min-version=9").options.min_version, 9U);
}

TEST(Options, QuotesAreTakenOffAsTheKernelDoes) {
  EXPECT_EQ(parse_options("phase.append=\"a b\"").options.append, "a b");
  EXPECT_EQ(parse_options("\"phase.append=a b\"").options.append, "a b");
  EXPECT_EQ(parse_options("phase.append=a\tphase.channel=edge").options.channel, "edge");
  EXPECT_EQ(parse_options("x=\"phase.channel=edge y\"").options.channel, "stable");
  // An open quote runs to the end of the line, in the kernel too.
  EXPECT_EQ(parse_options("phase.append=\"a b").options.append, "a b");
}

TEST(Options, MessagesArePrintableWhateverTheLineHolds) {
  const auto parsed = parse_options("phase.key=\x1b[2J\xff phase.evil\x07=1 console=\x01");
  ASSERT_THAT(parsed.errors, SizeIs(1));
  auto lines = parsed.warnings;
  lines.push_back(parsed.errors[0].detail);
  ASSERT_THAT(lines, SizeIs(3));
  for (const auto& line : lines) {
    for (const char c : line) EXPECT_TRUE(c >= ' ' && c <= '~') << line;
  }
}

TEST(Options, ALineOverTheCapIsAnErrorAndStillGivesConsoleAndNetwork) {
  const auto parsed = parse_options("console=ttyS0 ip=off " + std::string(5000, 'x'));
  EXPECT_THAT(parsed.errors, SizeIs(1));
  EXPECT_THAT(parsed.options.consoles, ElementsAre("ttyS0"));
  EXPECT_EQ(parsed.options.ip.method, IpOption::Method::kOff);
}

TEST(Options, ALineFullOfWrongWordsGivesABoundedNumberOfMessages) {
  std::string line;
  for (int i = 0; i < 400; ++i) line += "phase.x ";
  EXPECT_THAT(parse_options(line).warnings, SizeIs(kMaxMessages));
}

TEST(Options, ARepeatedConsoleKeepsItsLastPlace) {
  EXPECT_THAT(parse_options("console=ttyS0 console=tty0 console=ttyS0").options.consoles,
              ElementsAre("tty0", "ttyS0"));
}

}  // namespace
}  // namespace phase::boot
