// Words of a kernel command line, and the next kernel's command line (options.h).
#include <algorithm>

#include "boot/machine/kmsg.h"
#include "boot/machine/options.h"
#include "proto/manifest.h"

namespace phase::boot {
namespace {

// What would hand the next machine to somebody else than its signed initramfs, or take its
// kernel's locks off. Names as canonical_name() gives them.
constexpr std::string_view kNeverPassed[] = {"init", "rdinit", "rd.break", "lockdown",
                                             "module.sig_enforce"};

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

// The kernel's parameq() takes '-' and '_' for the same.
std::string canonical_name(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), '-', '_');
  return out;
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
  explicit Builder(std::string_view signed_cmdline) {
    for (const auto word : raw_words(signed_cmdline)) {
      if (!separated_ && word == "--") {
        separated_ = true;
      }
      append(separated_ ? tail_ : head_, word);
    }
  }

  void add(std::string_view word, const char* origin) {
    if (!is_printable(word) || word.find_first_of(" \"") != std::string_view::npos) {
      leave_out(word, origin, "holds a quote, a space or a control character");
    } else if (size() + 1 + word.size() > kMaxCmdline) {
      leave_out(word, origin, "the command line would be longer than 2047 bytes");
    } else {
      append(head_, word);
    }
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

  [[nodiscard]] std::size_t size() const {
    return head_.size() + tail_.size() + (tail_.empty() ? 0 : 1);
  }

  NextCmdline finish() {
    append(head_, tail_);
    out_.text = std::move(head_);
    return std::move(out_);
  }

 private:
  static void append(std::string& to, std::string_view word) {
    if (word.empty()) return;
    if (!to.empty()) to += ' ';
    to += word;
  }

  std::string head_, tail_;
  bool separated_ = false;
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

void add_appended(Builder& builder, std::string_view append,
                  const std::vector<std::string>& allowed) {
  const auto listed = [&](const std::string& name) {
    return std::any_of(allowed.begin(), allowed.end(),
                       [&](const std::string& entry) { return canonical_name(entry) == name; });
  };
  for (const auto word : raw_words(append)) {
    const auto name = canonical_name(word.substr(0, word.find('=')));
    if (std::find(std::begin(kNeverPassed), std::end(kNeverPassed), name) !=
        std::end(kNeverPassed)) {
      builder.leave_out(word, "phase.append", "it never passes");
    } else if (word == "--" || !listed(name)) {
      builder.leave_out(word, "phase.append", "it is not in the trust file's list append_allowed");
    } else {
      builder.add(word, "phase.append");
    }
  }
}

}  // namespace

std::vector<CmdlineWord> split_cmdline(std::string_view cmdline) {
  std::vector<CmdlineWord> words;
  for (const auto raw : raw_words(cmdline)) words.push_back(word_of(raw));
  return words;
}

Result<NextCmdline> next_cmdline(std::string_view signed_cmdline, const BootOptions& current,
                                 const std::vector<std::string>& append_allowed) {
  if (signed_cmdline.size() > kMaxCmdline) {
    return Error{ErrorCode::kUsage, "the signed command line is longer than 2047 bytes"};
  }
  if (!is_printable(signed_cmdline) ||
      std::count(signed_cmdline.begin(), signed_cmdline.end(), '"') % 2 != 0) {
    return Error{ErrorCode::kUsage,
                 "the signed command line holds control characters or an open quote"};
  }
  Builder builder(signed_cmdline);
  add_consoles(builder, current.consoles);
  if (!current.ip_text.empty()) builder.add("ip=" + current.ip_text, "this boot's");
  if (!current.boot_interface_text.empty()) {
    builder.add("BOOTIF=" + current.boot_interface_text, "this boot's");
  }
  // What this boot promised holds for the system that it starts, with or without a hand-over.
  if (current.mode != Mode::kInternet) {
    builder.add(std::string("phase.mode=") + mode_name(current.mode), "this boot's");
  }
  add_appended(builder, current.append, append_allowed);
  return builder.finish();
}

}  // namespace phase::boot
