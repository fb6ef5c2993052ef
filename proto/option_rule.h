// proto/option_rule.h
// Which kernel options may pass into the next kernel's command line without being signed, and with
// which values: the table [command_line] of the trust file (docs/TRUST-FILE.md). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/result.h"

namespace phase {

struct OptionRule {
  enum class Kind : std::uint8_t {
    kFlag,     ///< "flag": the bare word, no value.
    kBoolean,  ///< "bool": 0, 1, y, n, on, off, true, false, yes, no.
    kInteger,  ///< "0..8": a decimal number from least to most.
    kChoice,   ///< "a|b|c": one of these words.
    kWord,     ///< "word": 1 to 256 bytes of [A-Za-z0-9._:/@,+-].
  };
  std::string name;              ///< As the kernel reads it; '-' and '_' are the same.
  Kind kind = Kind::kWord;
  std::int64_t least = 0, most = 0;
  std::vector<std::string> choices{};
  bool operator==(const OptionRule&) const = default;
};

/// `name` with '_' for each '-': two names are the same option where these are equal.
[[nodiscard]] std::string canonical_option(std::string_view name);

/// init, rdinit, rd.break, lockdown, module.sig_enforce and every phase.*: what would hand the next
/// machine to somebody else, or take its kernel's locks off. No rule may name one.
[[nodiscard]] bool never_passes(std::string_view name);

/// kConfig names what is wrong with name or type.
[[nodiscard]] Result<OptionRule> parse_option_rule(std::string_view name, std::string_view type);
/// What parse_option_rule() takes as `type`.
[[nodiscard]] std::string type_of(const OptionRule& rule);
/// `value`: none where the word has no '='.
[[nodiscard]] bool admits(const OptionRule& rule, std::optional<std::string_view> value);

/// console, ip and BOOTIF of this boot: what passes where the trust file has no table of its own.
[[nodiscard]] const std::vector<OptionRule>& default_option_rules();

}  // namespace phase
