#include "proto/option_rule.h"

#include <algorithm>
#include <charconv>

namespace phase {
namespace {

constexpr std::size_t kMaxNameBytes = 64;
constexpr std::size_t kMaxWordBytes = 256;
constexpr std::size_t kMaxChoices = 32;

// As canonical_option() gives them.
constexpr std::string_view kNeverPassed[] = {"init", "rdinit", "rd.break", "lockdown",
                                             "module.sig_enforce"};
// What the kernel's kstrtobool() and its users take.
constexpr std::string_view kBooleans[] = {"0",   "1",    "y",     "n",   "on",
                                          "off", "true", "false", "yes", "no"};

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool consists_of(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return is_alphanumeric(c) || others.find(c) != std::string_view::npos;
  });
}

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= kMaxWordBytes && consists_of(text, "._:/@,+-");
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes && is_alphanumeric(name.front()) &&
         consists_of(name, "._-");
}

/// Decimal, in one form only: the kernel reads a number with a zero in front as octal.
std::optional<std::int64_t> integer(std::string_view text) {
  const auto digits = text.substr(text.starts_with('-') ? 1 : 0);
  if (digits.starts_with('0') && text != "0") return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Error refused(std::string_view name, const std::string& why) {
  return {ErrorCode::kConfig, std::string(name) + ": " + why};
}

Result<OptionRule> integer_rule(OptionRule rule, std::string_view type, std::size_t dots) {
  const auto least = integer(type.substr(0, dots));
  const auto most = integer(type.substr(dots + 2));
  if (!least || !most || *least > *most) {
    return refused(rule.name, "a range is two decimal numbers, the lower one first, as in 0..8");
  }
  rule.kind = OptionRule::Kind::kInteger;
  rule.least = *least;
  rule.most = *most;
  return rule;
}

Result<OptionRule> choice_rule(OptionRule rule, std::string_view type) {
  rule.kind = OptionRule::Kind::kChoice;
  while (true) {
    const auto word = type.substr(0, type.find('|'));
    const auto& known = rule.choices;
    if (!is_word(word) || known.size() == kMaxChoices ||
        std::find(known.begin(), known.end(), word) != known.end()) {
      return refused(rule.name, "a choice is up to 32 different words of [A-Za-z0-9._:/@,+-] with "
                                "'|' between them");
    }
    rule.choices.emplace_back(word);
    if (word.size() == type.size()) return rule;
    type.remove_prefix(word.size() + 1);
  }
}

}  // namespace

std::string canonical_option(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), '-', '_');
  return out;
}

bool never_passes(std::string_view name) {
  const auto canonical = canonical_option(name);
  return canonical.starts_with("phase.") ||
         std::find(std::begin(kNeverPassed), std::end(kNeverPassed), canonical) !=
             std::end(kNeverPassed);
}

Result<OptionRule> parse_option_rule(std::string_view name, std::string_view type) {
  if (!is_name(name)) {
    return {ErrorCode::kConfig,
            "the name of a kernel option is 1 to 64 bytes of [A-Za-z0-9._-], a letter or digit first"};
  }
  if (never_passes(name)) return refused(name, "it never passes unsigned, and no rule may say so");
  OptionRule rule{.name = std::string(name)};
  if (type == "flag") {
    rule.kind = OptionRule::Kind::kFlag;
  } else if (type == "bool") {
    rule.kind = OptionRule::Kind::kBoolean;
  } else if (type == "word") {
    rule.kind = OptionRule::Kind::kWord;
  } else if (type.find('|') != std::string_view::npos) {
    return choice_rule(std::move(rule), type);
  } else if (const auto dots = type.find(".."); dots != std::string_view::npos) {
    return integer_rule(std::move(rule), type, dots);
  } else {
    return refused(name, R"(its type is "flag", "bool", "word", a range as in "0..8" or a choice )"
                         R"(as in "a|b")");
  }
  return rule;
}

std::string type_of(const OptionRule& rule) {
  switch (rule.kind) {
    case OptionRule::Kind::kFlag: return "flag";
    case OptionRule::Kind::kBoolean: return "bool";
    case OptionRule::Kind::kInteger:
      return std::to_string(rule.least) + ".." + std::to_string(rule.most);
    case OptionRule::Kind::kWord: return "word";
    case OptionRule::Kind::kChoice: break;
  }
  std::string out;
  for (const auto& choice : rule.choices) out += (out.empty() ? "" : "|") + choice;
  return out;
}

bool admits(const OptionRule& rule, std::optional<std::string_view> value) {
  if (rule.kind == OptionRule::Kind::kFlag || !value) {
    return rule.kind == OptionRule::Kind::kFlag && !value;
  }
  switch (rule.kind) {
    case OptionRule::Kind::kFlag: return false;
    case OptionRule::Kind::kBoolean:
      return std::find(std::begin(kBooleans), std::end(kBooleans), *value) != std::end(kBooleans);
    case OptionRule::Kind::kInteger: {
      const auto number = integer(*value);
      return number && *number >= rule.least && *number <= rule.most;
    }
    case OptionRule::Kind::kChoice:
      return std::find(rule.choices.begin(), rule.choices.end(), *value) != rule.choices.end();
    case OptionRule::Kind::kWord: return is_word(*value);
  }
  return false;
}

const std::vector<OptionRule>& default_option_rules() {
  static const std::vector<OptionRule> kRules{
      {.name = "BOOTIF"}, {.name = "console"}, {.name = "ip"}};
  return kRules;
}

}  // namespace phase
