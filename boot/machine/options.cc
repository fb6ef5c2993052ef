#include "boot/machine/options.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "boot/machine/kmsg.h"
#include "proto/names.h"
#include "proto/nearest.h"

namespace phase::boot {
namespace {

constexpr std::size_t kMaxText = 1024;
constexpr std::size_t kMaxConsoles = 8;
constexpr std::uint64_t kMaxTimeoutSeconds = 366ULL * 24 * 3600;

constexpr std::string_view kKnown[] = {
    "phase.append",  "phase.bootstrap", "phase.cache",       "phase.channel", "phase.debug",
    "phase.key",     "phase.log",       "phase.min_version", "phase.mode",    "phase.nowrite",
    "phase.onfail",  "phase.provider",  "phase.proxy",       "phase.timeout"};

std::string unknown_option(std::string_view name) {
  std::string out = "unknown option " + printable(name);
  if (const auto near = nearest_name(name, kKnown)) {
    return out + " is passed over; did you mean " + std::string(*near) + "?";
  }
  out += " is passed over; known are";
  for (const auto known : kKnown) out.append(" ").append(known);
  return out;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

std::optional<bool> parse_boolean(std::string_view text) {
  if (text == "1" || text == "true" || text == "enabled") return true;
  if (text == "0" || text == "false" || text == "disabled") return false;
  return {};
}

bool is_text(std::string_view text, std::string_view refused) {
  return text.size() <= kMaxText && std::all_of(text.begin(), text.end(), [&](char c) {
           return c > ' ' && c <= '~' && refused.find(c) == std::string_view::npos;
         });
}

bool is_http_url(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  return is_text(text, "\"") && text.starts_with(kScheme) && text.size() > kScheme.size() &&
         text[kScheme.size()] != '/';
}

// HOST:PORT, [V6]:PORT; whether the name exists is resolved much later.
bool is_host_port(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || text.size() > 260) return false;
  const auto host = text.substr(0, colon);
  const auto port = parse_number(text.substr(colon + 1));
  if (!port || *port == 0 || *port > 65535 || !is_text(host, "\"/,@")) return false;
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  return bracketed || host.find_first_of("[]:") == std::string_view::npos;
}

class Parser {
 public:
  explicit Parser(ParsedOptions& out) : out_(out) {}

  void word(const CmdlineWord& word) {
    if (word.name == "console") return console(word);
    std::string name = word.name;
    std::replace(name.begin(), name.end(), '-', '_');
    if (name.starts_with("phase.")) {
      if (std::find(std::begin(kKnown), std::end(kKnown), name) == std::end(kKnown)) {
        if (!full()) warn(unknown_option(word.name.substr(0, 64)));
        return;
      }
    } else if (name != "ip" && name != "BOOTIF") {
      return;  // Somebody else's.
    }
    last_[name] = word.value;
  }

  // Interprets the last value of each name.
  void finish() {
    trust();
    text_options();
    if (const auto value = take("phase.cache")) about_disks("phase.cache", *value, o().cache);
    if (const auto value = take("phase.nowrite")) about_disks("phase.nowrite", *value, o().nowrite);
    if (const auto value = take("phase.debug")) boolean("phase.debug", *value, o().debug);
    if (const auto value = take("phase.timeout")) timeout(*value);
    if (const auto value = take("phase.onfail")) on_fail(*value);
    if (const auto value = take("phase.bootstrap")) bootstrap(value->value_or(""));
    if (const auto value = take("phase.channel")) channel(value->value_or(""));
    network();
  }

 private:
  using Value = std::optional<std::string>;

  BootOptions& o() { return out_.options; }
  [[nodiscard]] bool full() const { return out_.warnings.size() >= kMaxMessages; }
  void warn(std::string text) {
    if (!full()) out_.warnings.push_back(std::move(text));
  }
  void refuse(const char* name, const Value& value, const std::string& expected) {
    out_.errors.push_back({ErrorCode::kUsage, std::string(name) + "=" + shown(value) +
                                                  " on the kernel command line: " + expected});
  }
  void ignore(const char* name, const Value& value, const std::string& expected) {
    warn(std::string(name) + "=" + shown(value) + " is passed over: " + expected);
  }
  static std::string shown(const Value& value) {
    return printable(value.value_or("").substr(0, 100));
  }

  std::optional<Value> take(const char* name) {
    const auto found = last_.find(name);
    if (found == last_.end()) return std::nullopt;
    return found->second;
  }

  void console(const CmdlineWord& word) {
    if (!word.value || word.value->empty()) return;
    if (word.value->size() > 64 || !is_text(*word.value, "\"/")) {
      return ignore("console", word.value, "that is no name of a console");
    }
    auto& consoles = o().consoles;
    std::erase(consoles, *word.value);  // The last one stays the preferred one.
    if (consoles.size() == kMaxConsoles) return ignore("console", word.value, "there are eight");
    consoles.push_back(*word.value);
  }

  void trust() {
    if (const auto value = take("phase.key")) {
      const auto key = parse_public_key(value->value_or(""));
      if (key) {
        o().key = *key;
      } else {
        refuse("phase.key", *value, "expected a public key, as plasmd keygen prints it");
      }
    }
    if (const auto value = take("phase.min_version")) {
      const auto number = parse_number(value->value_or(""));
      if (number) {
        o().min_version = *number;
      } else {
        refuse("phase.min_version", *value, "expected a number");
      }
    }
    if (const auto value = take("phase.mode")) mode(*value);
    if (const auto value = take("phase.proxy")) proxy(*value);
  }

  // To go on without it would tell everybody who asks; an error, as a wrong mode is.
  void proxy(const Value& value) {
    constexpr std::string_view kScheme = "socks5://";
    const std::string text = value.value_or("");
    const auto at = text.starts_with(kScheme)
                        ? parse_endpoint(std::string_view(text).substr(kScheme.size()))
                        : std::nullopt;
    if (!at || at->port == 0) {
      return refuse("phase.proxy", value,
                    "expected socks5://ADDRESS:PORT, an address and not a name");
    }
    if (o().mode != Mode::kPrivate) {
      return refuse("phase.proxy", value, std::string("it holds with phase.mode=private; this is ") +
                                              mode_name(o().mode));
    }
    o().proxy = *at;
  }

  void mode(const Value& value) {
    for (const auto candidate : {Mode::kInternet, Mode::kLocal, Mode::kPrivate}) {
      if (value == mode_name(candidate)) {
        o().mode = candidate;
        return;
      }
    }
    refuse("phase.mode", value, "expected internet, local or private");
  }

  void text_options() {
    if (const auto value = take("phase.provider")) url("phase.provider", *value, o().provider);
    if (const auto value = take("phase.log")) text("phase.log", *value, o().log);
    if (const auto value = take("phase.append")) {
      // Filtered word by word when it is used; only its length matters here.
      if (value->value_or("").size() <= kMaxText) {
        o().append = value->value_or("");
      } else {
        ignore("phase.append", *value, "longer than 1024 bytes");
      }
    }
  }

  void url(const char* name, const Value& value, std::string& to) {
    if (value.value_or("").empty()) return;
    if (!is_http_url(*value)) return ignore(name, value, "expected http://HOST[:PORT][/PATH]");
    to = *value;
  }
  void text(const char* name, const Value& value, std::string& to) {
    if (value.value_or("").empty()) return;
    if (!is_text(*value, "\"")) return ignore(name, value, "expected printable text without spaces");
    to = *value;
  }
  void boolean(const char* name, const Value& value, bool& to) {
    const auto parsed = value ? parse_boolean(*value) : std::optional<bool>(true);
    if (!parsed) return ignore(name, value, "expected 0, 1, true, false, enabled or disabled");
    to = *parsed;
  }
  // Whoever names these wants a disk left alone: no default is safe for a word that cannot be read.
  void about_disks(const char* name, const Value& value, bool& to) {
    const auto parsed = value ? parse_boolean(*value) : std::optional<bool>(true);
    if (!parsed) return refuse(name, value, "expected 0, 1, true, false, enabled or disabled");
    to = *parsed;
  }
  void timeout(const Value& value) {
    const auto seconds = parse_number(value.value_or(""));
    if (!seconds || *seconds == 0 || *seconds > kMaxTimeoutSeconds) {
      return ignore("phase.timeout", value, "expected seconds, at least 1");
    }
    o().timeout = std::chrono::seconds(*seconds);
  }
  void on_fail(const Value& value) {
    for (const auto candidate :
         {OnFail::kRetry, OnFail::kShell, OnFail::kReboot, OnFail::kPoweroff}) {
      if (value == on_fail_name(candidate)) {
        o().on_fail = candidate;
        return;
      }
    }
    ignore("phase.onfail", value, "expected retry, shell, reboot or poweroff");
  }
  void channel(const std::string& value) {
    const auto checked = check_channel(value);
    if (!checked) return ignore("phase.channel", value, checked.error().detail);
    o().channel = *checked;
  }
  void bootstrap(std::string_view list) {
    while (!list.empty()) {
      const auto entry = list.substr(0, list.find(','));
      list.remove_prefix(std::min(list.size(), entry.size() + 1));
      if (entry.empty()) continue;
      if (!is_host_port(entry)) {
        ignore("phase.bootstrap", std::string(entry), "expected HOST:PORT");
      } else if (o().bootstrap.size() == kMaxBootstrap) {
        return ignore("phase.bootstrap", std::string(entry), "there are 64 already");
      } else {
        o().bootstrap.emplace_back(entry);
      }
    }
  }
  void network() {
    if (const auto value = take("ip"); value && !value->value_or("").empty()) {
      if (const auto ip = parse_ip_option(**value)) {
        o().ip = *ip;
        o().ip_text = **value;
      } else {
        ignore("ip", *value, ip.error().detail);
      }
    }
    if (const auto value = take("BOOTIF"); value && !value->value_or("").empty()) {
      if (const auto mac = parse_boot_interface(**value)) {
        o().boot_interface = *mac;
        o().boot_interface_text = **value;
      } else {
        ignore("BOOTIF", *value, mac.error().detail);
      }
    }
  }

  ParsedOptions& out_;
  std::map<std::string, Value, std::less<>> last_;
};

}  // namespace

const char* on_fail_name(OnFail on_fail) {
  switch (on_fail) {
    case OnFail::kRetry: return "retry";
    case OnFail::kShell: return "shell";
    case OnFail::kReboot: return "reboot";
    case OnFail::kPoweroff: return "poweroff";
  }
  return "?";
}

std::span<const std::string_view> known_options() { return kKnown; }

ParsedOptions parse_options(std::string_view cmdline) {
  ParsedOptions out;
  if (cmdline.size() > kMaxCmdlineRead) {
    out.errors.push_back({ErrorCode::kUsage, "the kernel command line is longer than 4096 bytes"});
    cmdline = cmdline.substr(0, kMaxCmdlineRead);
  }
  Parser parser(out);
  for (const auto& word : split_cmdline(cmdline)) parser.word(word);
  parser.finish();
  return out;
}

}  // namespace phase::boot
