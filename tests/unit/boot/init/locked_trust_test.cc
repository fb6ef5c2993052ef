// Goal: a locked trust file cannot be overridden from the command line. Method: every phase.* option
// that there is, with the values that an attacker would choose, against a locked file; what the
// verifier and the network child are told may then differ from what they are told without the
// option in the one point that docs/COMMAND-LINE.md names for it, and in no other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "boot/init/attempt_plan.h"
#include "boot/init/onfail.h"
#include "boot/init/trust_choice.h"
#include "tests/unit/proto/support.h"

namespace phase::boot {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kSignedLine = "quiet systemd.unit=a.target";

TrustPolicy trusted() {
  TrustPolicy policy = trust_single_key(test::key(1).public_key());
  policy.locked = true;
  policy.min_version["stable"] = 5;
  policy.min_version["beta"] = 6;
  policy.time_floor = WallTime{1'700'000'000};
  policy.mirrors = {"http://mirror.example/"};
  policy.bootstrap = {"10.0.0.1:6881"};
  policy.command_line = {*parse_option_rule("console", "word"),
                         *parse_option_rule("loglevel", "0..8")};
  return policy;
}

/// All that a command line leads to; members as text, so that two can be compared.
struct Effect {
  std::string trust, channel, arch, bootstrap, arguments, mode, next_line;
  std::uint64_t min_version = 0;
  std::int64_t now = 0;
  OnFail on_fail = OnFail::kRetry;
  std::vector<std::string> warnings;
};

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& part : parts) out += part + " ";
  return out;
}

Effect effect_of(const std::string& cmdline) {
  const auto file = serialize_trust_file(trusted());
  const auto parsed = parse_options(cmdline);
  EXPECT_THAT(parsed.errors, IsEmpty()) << cmdline;
  const auto choice = choose_trust(file, parsed.options.key);
  EXPECT_TRUE(choice.ok());
  const AttemptPlan plan{.options = parsed.options,
                         .policy = choice->policy,
                         .arch = "x86_64",
                         .floor = 7,
                         .now = WallTime{1'800'000'000}};
  const auto order = plan.verifier_order();
  const auto next = next_cmdline(kSignedLine, parsed.options, choice->policy.command_line);
  EXPECT_TRUE(next.ok());
  return {.trust = serialize_trust_file(order.policy),
          .channel = order.channel,
          .arch = order.arch,
          .bootstrap = joined(order.bootstrap),
          .arguments = joined(plan.fetch_arguments("")),
          .mode = mode_name(order.mode),
          .next_line = next->text,
          .min_version = order.min_version,
          .now = order.now.seconds,
          .on_fail = permitted(parsed.options.on_fail, trust_is_locked(file)),
          .warnings = choice->warnings};
}

/// Puts into `changed` what the option named may decide, so that all the rest can be compared.
using Allowance = void (*)(Effect& changed, const Effect& before);

struct Attack {
  std::vector<std::string> values;
  Allowance allowed;
};

void nothing(Effect&, const Effect&) {}
// Where bytes come from is in the network child's arguments alone; the verifier does not hear it.
void the_way(Effect& changed, const Effect& before) { changed.arguments = before.arguments; }

std::map<std::string, Attack> attacks() {
  const std::string other_key = test::key(2).public_key().hex();
  return {
      {"phase.append",
       {{"\"init=/bin/sh rdinit=/bin/sh lockdown=none systemd.unit=b.target phase.key=x\"",
         "\"loglevel=9 module.sig_enforce=0 rd.break quiet=0\"", "\"loglevel=3\""},
        [](Effect& changed, const Effect& before) {
          if (changed.next_line == before.next_line + " loglevel=3") {
            changed.next_line = before.next_line;
          }
        }}},
      {"phase.bootstrap",
       {{"6.6.6.6:6", "evil.example:1,[2001:db8::1]:6881"},
        [](Effect& changed, const Effect& before) {
          changed.bootstrap = before.bootstrap;
          changed.arguments = before.arguments;
        }}},
      {"phase.cache", {{"0", "1"}, nothing}},
      {"phase.channel",
       {{"beta", "stable"},
        [](Effect& changed, const Effect& before) {
          changed.channel = before.channel;
          changed.arguments = before.arguments;
        }}},
      {"phase.debug", {{"1"}, nothing}},
      {"phase.key",
       {{other_key},
        [](Effect& changed, const Effect&) {
          EXPECT_THAT(changed.warnings, Contains(HasSubstr("passed over")));
          changed.warnings.clear();
        }}},
      {"phase.log", {{"LABEL"}, nothing}},
      {"phase.min_version",
       {{"0", "1", "8", "18446744073709551615"},
        [](Effect& changed, const Effect& before) {
          EXPECT_GE(changed.min_version, before.min_version);
          changed.min_version = before.min_version;
          changed.arguments = before.arguments;
        }}},
      {"phase.mode",
       {{"internet", "local", "private"},
        [](Effect& changed, const Effect& before) {
          changed.arguments = before.arguments;
          if (changed.mode != before.mode) {
            EXPECT_EQ(changed.next_line, before.next_line + " phase.mode=" + changed.mode);
          }
          changed.mode = before.mode;
          changed.next_line = before.next_line;
        }}},
      {"phase.nowrite", {{"0", "1"}, nothing}},
      {"phase.onfail",
       {{"shell", "reboot", "poweroff", "retry"},
        [](Effect& changed, const Effect& before) {
          EXPECT_NE(changed.on_fail, OnFail::kShell);
          changed.on_fail = before.on_fail;
        }}},
      {"phase.provider", {{"http://6.6.6.6/"}, the_way}},
      {"phase.proxy",
       {{"socks5://6.6.6.6:6 phase.mode=private"},
        [](Effect& changed, const Effect& before) {
          changed.arguments = before.arguments;
          changed.mode = before.mode;
          changed.next_line = before.next_line;
        }}},
      {"phase.timeout", {{"1"}, nothing}},
  };
}

void expect_same(const Effect& changed, const Effect& before, const std::string& cmdline) {
  EXPECT_EQ(changed.trust, before.trust) << cmdline;
  EXPECT_EQ(changed.channel, before.channel) << cmdline;
  EXPECT_EQ(changed.arch, before.arch) << cmdline;
  EXPECT_EQ(changed.bootstrap, before.bootstrap) << cmdline;
  EXPECT_EQ(changed.arguments, before.arguments) << cmdline;
  EXPECT_EQ(changed.mode, before.mode) << cmdline;
  EXPECT_EQ(changed.next_line, before.next_line) << cmdline;
  EXPECT_EQ(changed.min_version, before.min_version) << cmdline;
  EXPECT_EQ(changed.now, before.now) << cmdline;
  EXPECT_EQ(changed.on_fail, before.on_fail) << cmdline;
  EXPECT_EQ(changed.warnings, before.warnings) << cmdline;
}

TEST(LockedTrust, IsOverriddenByNoOptionThatThereIs) {
  const auto before = effect_of("");
  EXPECT_EQ(before.trust, serialize_trust_file(trusted()));
  const auto by_name = attacks();
  for (const auto known : known_options()) {
    const auto attack = by_name.find(std::string(known));
    ASSERT_NE(attack, by_name.end()) << "nobody said what " << known << " may do";
    for (const auto& value : attack->second.values) {
      const auto cmdline = attack->first + "=" + value;
      auto changed = effect_of(cmdline);
      attack->second.allowed(changed, before);
      expect_same(changed, before, cmdline);
    }
  }
  EXPECT_EQ(by_name.size(), known_options().size());
}

TEST(LockedTrust, ConsoleAndNetworkOfThisBootPassByTheTableAlone) {
  const auto before = effect_of("");
  auto changed = effect_of("ip=10.0.0.2::10.0.0.1:255.0.0.0::eth0:off BOOTIF=01-52-54-00-12-34-56 "
                           "console=ttyS0");
  EXPECT_EQ(changed.next_line, before.next_line + " console=ttyS0");
  changed.next_line = before.next_line;
  expect_same(changed, before, "ip, BOOTIF, console");
}

TEST(LockedTrust, AFileThatCannotBeParsedCountsAsLocked) {
  EXPECT_TRUE(trust_is_locked("locked = fal"));
  EXPECT_TRUE(trust_is_locked(""));
  EXPECT_FALSE(trust_is_locked(std::nullopt));
  TrustPolicy open = trusted();
  open.locked = false;
  EXPECT_FALSE(trust_is_locked(serialize_trust_file(open)));
  EXPECT_EQ(permitted(OnFail::kShell, false), OnFail::kShell);
}

TEST(LockedTrust, TheDocumentNamesEveryOption) {
  std::ifstream file(std::string(PHASE_SOURCE_DIR) + "/docs/COMMAND-LINE.md");
  std::stringstream text;
  text << file.rdbuf();
  const std::string page = text.str();
  const auto begin = page.find("## A locked trust file");
  ASSERT_NE(begin, std::string::npos);
  const auto section = page.substr(begin, page.find("\n## ", begin + 1) - begin);
  for (const auto known : known_options()) {
    EXPECT_THAT(section, HasSubstr("\n| `" + std::string(known) + "` | "));
  }
}

}  // namespace
}  // namespace phase::boot
