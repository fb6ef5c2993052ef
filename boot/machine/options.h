// boot/machine/options.h
// Reads the kernel command line into BootOptions, and makes the next kernel's command line.
// Pure: the caller reads /proc/cmdline and decides what to do about warnings and errors.
// The command line is untrusted as to form (capped, escaped in messages); who may set it is the
// firmware's and the boot loader's business, and a locked trust file overrules it.
// For people: docs/COMMAND-LINE.md.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "boot/machine/ip_option.h"
#include "boot/mode_policy.h"
#include "proto/endpoint.h"
#include "proto/keys.h"
#include "proto/option_rule.h"
#include "proto/result.h"

namespace phase::boot {

inline constexpr std::size_t kMaxCmdlineRead = 4096;  ///< Bytes of /proc/cmdline that are looked at.
inline constexpr std::size_t kMaxBootstrap = 64;      ///< Entries of phase.bootstrap.
inline constexpr std::size_t kMaxMessages = 32;       ///< Warnings and words left out; the first ones.

enum class OnFail : std::uint8_t { kRetry, kShell, kReboot, kPoweroff };
[[nodiscard]] const char* on_fail_name(OnFail on_fail);

struct BootOptions {
  Mode mode = Mode::kInternet;
  std::optional<PublicKey> key;              ///< phase.key; else the trust file's.
  std::string channel = "stable";            ///< Passed check_channel().
  std::string provider;                      ///< http:// URL, or empty.
  std::vector<std::string> bootstrap;        ///< HOST:PORT each; empty: the trust file's or default.
  bool cache = true;                         ///< phase.cache: use a cache where there is one.
  bool nowrite = false;
  std::uint64_t min_version = 0;
  std::optional<std::chrono::seconds> timeout;  ///< Of the whole attempt; none: no limit.
  OnFail on_fail = OnFail::kRetry;
  std::string append;                        ///< As given, still to be filtered by next_cmdline().
  std::string log;                           ///< Label of the file system that gets the log.
  std::optional<Endpoint> proxy;             ///< phase.proxy=socks5://ADDRESS:PORT, a literal.
  bool debug = false;

  IpOption ip;                               ///< Default: DHCP on every interface.
  std::string ip_text;                       ///< The valid `ip=` value as given; empty: none.
  std::optional<MacAddress> boot_interface;  ///< BOOTIF.
  std::string boot_interface_text;           ///< The valid `BOOTIF=` value as given; empty: none.
  std::vector<std::string> consoles;         ///< `console=` values with their options, in order.
};

struct ParsedOptions {
  BootOptions options;                ///< Always usable for console and network.
  std::vector<std::string> warnings;  ///< One printable line each.
  /// Wrong values of what trust depends on (phase.key, phase.min_version, phase.mode) or a line
  /// over the cap, all kUsage: nothing may be booted while there is one.
  std::vector<Error> errors;
};

/// Every phase.* that there is, sorted.
[[nodiscard]] std::span<const std::string_view> known_options();

/// Rules: the last value of an option wins, a bare boolean is 1, `-` and `_` in names are the
/// same (as in the kernel), words are split and unquoted as in the kernel's lib/cmdline.c.
[[nodiscard]] ParsedOptions parse_options(std::string_view untrusted_cmdline);

/// Splits as the kernel does: on white space outside double quotes; quotes around a word or a
/// value are taken off.
struct CmdlineWord {
  std::string name;
  std::optional<std::string> value;  ///< None where there is no '='.
};
[[nodiscard]] std::vector<CmdlineWord> split_cmdline(std::string_view cmdline);

struct NextCmdline {
  std::string text;                    ///< At most kMaxCmdline (2047) bytes, printable ASCII.
  std::vector<std::string> left_out;   ///< Why each word was left out, one printable line each.
};

/// `signed_cmdline` out of a verified manifest, then console=, ip=, BOOTIF= of this boot and the
/// words of phase.append, each of which passes only where
///   - it is printable and holds no quote and no space,
///   - its name is none of those that never pass (never_passes()),
///   - one of `rules` (TrustPolicy::command_line) names it and admits its value, and
///   - the signed line does not hold the name: of most options the last one counts, and a word
///     that nobody signed does not replace one that somebody did. console= alone is a list; one
///     that the line already names comes again only where that makes this boot's last one, its
///     /dev/console, the last of the line.
/// phase.mode= of this boot passes without a rule, and only where it promises more than the signed
/// line's. What is added goes in front of a "--" of the signed line: what follows it is init's.
/// kUsage where the signed line alone is over the limit or not printable.
[[nodiscard]] Result<NextCmdline> next_cmdline(std::string_view signed_cmdline,
                                               const BootOptions& current,
                                               const std::vector<OptionRule>& rules);

}  // namespace phase::boot
