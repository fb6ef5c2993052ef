// Words of a kernel command line, and the next kernel's command line (options.h).
#include <algorithm>

#include "boot/machine/kmsg.h"
#include "boot/machine/options.h"
#include "proto/manifest.h"

namespace phase::boot {
namespace {

constexpr std::string_view kConsole = "console";

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

// next_arg() in the kernel's lib/cmdline.c, on one word.
CmdlineWord word_of(std::string_view raw) {
  bool quoted = !raw.empty() && raw.front() == '"';
  if (quoted) raw.remove_prefix(1);
  const auto equals = raw.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    if (quoted && !raw.empty() && raw.back() == '"') raw.remove_suffix(1);
    return {std::string(raw), std::nullopt};
  }
  auto value = raw.substr(equals + 1);
  if (!value.empty() && value.front() == '"') {
    value.remove_prefix(1);
    quoted = true;
  }
  if (quoted && !value.empty() && value.back() == '"') value.remove_suffix(1);
  return {std::string(raw.substr(0, equals)), std::string(value)};
}

std::vector<std::string_view> raw_words(std::string_view line) {
  std::vector<std::string_view> words;
  std::size_t at = 0;
  while (at < line.size()) {
    if (is_space(line[at])) {
      ++at;
      continue;
    }
    const auto start = at;
    bool in_quotes = false;
    for (; at < line.size() && (in_quotes || !is_space(line[at])); ++at) {
      if (line[at] == '"') in_quotes = !in_quotes;
    }
    words.push_back(line.substr(start, at - start));
  }
  return words;
}

// Builds the line; keeps what follows "--" of the signed line at the end.
class Builder {
 public:
  Builder(std::string_view signed_cmdline, const std::vector<OptionRule>& rules) : rules_(rules) {
    bool separated = false;
    for (const auto word : raw_words(signed_cmdline)) {
      if (word == "--") separated = true;
      append(separated ? tail_ : head_, word);
      // Behind the separator too: systemd reads all of /proc/cmdline.
      signed_names_.push_back(canonical_option(word_of(word).name));
    }
  }

  /// A word that nobody signed.
  void add(std::string_view word, const char* origin) {
    if (const auto why = refusal(word)) return leave_out(word, origin, *why);
    add_without_rule(word, origin);
  }

  void add_without_rule(std::string_view word, const char* origin) {
    if (size() + 1 + word.size() > kMaxCmdline) {
      return leave_out(word, origin, "the command line would be longer than 2047 bytes");
    }
    append(head_, word);
  }

  void leave_out(std::string_view word, const char* origin, const std::string& why) {
    if (out_.left_out.size() == kMaxMessages) return;
    out_.left_out.push_back(std::string("next command line: ") + origin + " " +
                            printable(word.substr(0, 100)) + " is left out: " + why);
  }

  /// Values of the `console=` words so far; what stands behind "--" is not the kernel's.
  [[nodiscard]] std::vector<std::string> consoles() const {
    std::vector<std::string> values;
    for (const auto& word : split_cmdline(head_)) {
      if (word.name == "console" && word.value) values.push_back(*word.value);
    }
    return values;
  }

  /// Of the words so far, all of which are signed where nothing was added yet.
  [[nodiscard]] Mode mode() const {
    Mode last = Mode::kInternet;
    for (const auto& word : split_cmdline(head_)) {
      if (canonical_option(word.name) != "phase.mode") continue;
      last = mode_of(word.value.value_or("")).value_or(Mode::kInternet);
    }
    return last;
  }

  [[nodiscard]] std::size_t size() const {
    return head_.size() + tail_.size() + (tail_.empty() ? 0 : 1);
  }

  NextCmdline finish() {
    append(head_, tail_);
    out_.text = std::move(head_);
    return std::move(out_);
  }

 private:
  /// Why `word` may not pass; none: it may.
  [[nodiscard]] std::optional<std::string> refusal(std::string_view word) const {
    if (!is_printable(word) || word.find_first_of(" \"") != std::string_view::npos) {
      return "holds a quote, a space or a control character";
    }
    const auto parts = word_of(word);
    const auto name = canonical_option(parts.name);
    if (never_passes(name)) return "it never passes unsigned";
    const auto rule = std::find_if(rules_.begin(), rules_.end(), [&](const OptionRule& each) {
      return canonical_option(each.name) == name;
    });
    if (rule == rules_.end()) return "the trust file's [command_line] does not name it";
    if (!admits(*rule, parts.value)) {
      return "the trust file's [command_line] lets it pass as \"" + type_of(*rule) + "\" only";
    }
    const bool is_signed =
        std::find(signed_names_.begin(), signed_names_.end(), name) != signed_names_.end();
    if (is_signed && name != kConsole) return "the signed command line has it already";
    return std::nullopt;
  }

  static void append(std::string& to, std::string_view word) {
    if (word.empty()) return;
    if (!to.empty()) to += ' ';
    to += word;
  }

  const std::vector<OptionRule>& rules_;
  std::vector<std::string> signed_names_;  // As canonical_option() gives them.
  std::string head_, tail_;
  NextCmdline out_;
};

/// The kernel opens a console once however often it is named, and /dev/console is the one named
/// last. So one that is there comes again only where it is this boot's last and another would be
/// the last of the line.
void add_consoles(Builder& builder, const std::vector<std::string>& consoles) {
  for (const auto& console : consoles) {
    const auto there = builder.consoles();
    const bool needs_last = &console == &consoles.back();
    const bool stands = needs_last ? !there.empty() && there.back() == console
                                   : std::find(there.begin(), there.end(), console) != there.end();
    if (!stands) builder.add("console=" + console, "this boot's");
  }
}

/// How much of the network the next system leaves alone: private serves nothing and writes nothing,
/// local stays on its link.
int promise(Mode mode) {
  switch (mode) {
    case Mode::kInternet: return 0;
    case Mode::kLocal: return 1;
    case Mode::kPrivate: return 2;
  }
  return 0;
}

}  // namespace

std::vector<CmdlineWord> split_cmdline(std::string_view cmdline) {
  std::vector<CmdlineWord> words;
  for (const auto raw : raw_words(cmdline)) words.push_back(word_of(raw));
  return words;
}

Result<NextCmdline> next_cmdline(std::string_view signed_cmdline, const BootOptions& current,
                                 const std::vector<OptionRule>& rules) {
  if (signed_cmdline.size() > kMaxCmdline) {
    return Error{ErrorCode::kUsage, "the signed command line is longer than 2047 bytes"};
  }
  if (!is_printable(signed_cmdline) ||
      std::count(signed_cmdline.begin(), signed_cmdline.end(), '"') % 2 != 0) {
    return Error{ErrorCode::kUsage,
                 "the signed command line holds control characters or an open quote"};
  }
  Builder builder(signed_cmdline, rules);
  const Mode signed_mode = builder.mode();
  add_consoles(builder, current.consoles);
  if (!current.ip_text.empty()) builder.add("ip=" + current.ip_text, "this boot's");
  if (!current.boot_interface_text.empty()) {
    builder.add("BOOTIF=" + current.boot_interface_text, "this boot's");
  }
  // What this boot promised holds for the system that it starts, with or without a hand-over; and
  // what was signed is not taken back.
  if (promise(current.mode) > promise(signed_mode)) {
    builder.add_without_rule(std::string("phase.mode=") + mode_name(current.mode), "this boot's");
  }
  for (const auto word : raw_words(current.append)) builder.add(word, "phase.append");
  return builder.finish();
}

}  // namespace phase::boot
