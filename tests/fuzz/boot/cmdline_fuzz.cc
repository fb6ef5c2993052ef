// The kernel command line, and the next one made from it. Oracle: whatever the bytes are, messages
// are printable; the next line is printable and within the kernel's limit; its words are the signed
// ones in their order, and in front of their "--" words that a rule admits or this boot's mode. None
// that never passes is among those, and none but console= that the signed line has already.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "boot/machine/kmsg.h"
#include "boot/machine/options.h"
#include "proto/manifest.h"
#include "tests/fuzz/fuzz.h"

namespace phase::fuzz {
namespace {

using boot::CmdlineWord;

constexpr std::string_view kHead = "quiet panic=10 \"audit=0 1\"";
constexpr std::string_view kTail = " -- single loglevel=1";

void check_printable(const std::string& text) {
  check(boot::printable(text) == text, "unprintable text came out");
}

Bytes bytes(std::string_view text) { return {text.begin(), text.end()}; }

std::vector<OptionRule> table() {
  std::vector<OptionRule> rules = default_option_rules();
  for (const auto& [name, type] : {std::pair{"loglevel", "0..8"}, std::pair{"a", "flag"},
                                   std::pair{"b-b", "x|y"}, std::pair{"c", "bool"},
                                   std::pair{"panic", "0..99"}, std::pair{"d.e", "word"}}) {
    rules.push_back(*parse_option_rule(name, type));
  }
  // What no trust file can hold: were it there, it must not matter.
  for (const char* never : {"init", "rdinit", "rd.break", "lockdown", "module.sig_enforce"}) {
    rules.push_back({.name = never});
  }
  return rules;
}

bool admitted(const CmdlineWord& word, const std::vector<OptionRule>& rules) {
  return std::any_of(rules.begin(), rules.end(), [&](const OptionRule& rule) {
    return canonical_option(rule.name) == canonical_option(word.name) && admits(rule, word.value);
  });
}

bool in_signed(const CmdlineWord& word) {
  const auto words = boot::split_cmdline(std::string(kHead) + std::string(kTail));
  return std::any_of(words.begin(), words.end(), [&](const CmdlineWord& other) {
    return canonical_option(other.name) == canonical_option(word.name);
  });
}

void check_added(const CmdlineWord& word, const boot::BootOptions& options,
                 const std::vector<OptionRule>& rules) {
  if (word.name == "phase.mode") {
    check(options.mode != boot::Mode::kInternet && word.value == boot::mode_name(options.mode),
          "another mode than this boot's");
    return;
  }
  check(!never_passes(word.name), "a word passed that never does");
  check(admitted(word, rules), "a word passed that no rule admits");
  check(word.name == "console" || !in_signed(word), "a signed word was replaced");
}

void check_next(const boot::BootOptions& options) {
  const auto rules = table();
  const auto next =
      boot::next_cmdline(std::string(kHead) + std::string(kTail), options, rules);
  check(next.ok(), "a good signed line was refused");
  check_printable(next->text);
  check(next->text.size() <= kMaxCmdline, "over the kernel's limit");
  for (const auto& line : next->left_out) check_printable(line);
  check(next->text.starts_with(kHead) && next->text.ends_with(kTail), "the signed line changed");
  const auto added = std::string_view(next->text)
                         .substr(kHead.size(), next->text.size() - kHead.size() - kTail.size());
  for (const auto& word : boot::split_cmdline(added)) check_added(word, options, rules);
}

}  // namespace

std::vector<Bytes> seeds() {
  return {bytes("console=tty0 console=ttyS0,115200n8 phase.append=\"a=1 b=2 init=/bin/sh\" quiet"),
          bytes("phase.append=\"a b_b=x c=on panic=3 loglevel=4 d.e=10.0.0.1 init=x -- lockdown\""),
          bytes("ip=10.1.1.1:10.1.1.3:10.1.1.2:255.0.0.0:host:eth0:off:9.9.9.9 "
                "BOOTIF=01-52-54-00-12-34-56"),
          bytes("phase.mode=private phase.bootstrap=a:1,[fd00::1]:2 phase.min_version=7 "
                "phase.provider=http://10.0.0.1:8080 phase.onfail=shell phase.timeout=60"),
          bytes("phase.key=d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a "
                "phase.debug phase.nowrite=disabled phase.chanel=x -- single")};
}

void one(ByteView input) {
  const auto parsed = boot::parse_options(as_text(input));
  for (const auto& warning : parsed.warnings) check_printable(warning);
  for (const auto& error : parsed.errors) check_printable(error.detail);
  check(parsed.options.bootstrap.size() <= boot::kMaxBootstrap, "too many bootstrap nodes");
  check_next(parsed.options);
  // What parse_options() would cap or refuse must not matter either.
  boot::BootOptions raw;
  raw.append = as_text(input);
  raw.consoles = {std::string(as_text(input.first(input.size() / 2)))};
  raw.ip_text = as_text(input.subspan(input.size() / 2));
  check_next(raw);
}

}  // namespace phase::fuzz
