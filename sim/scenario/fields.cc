#include "sim/scenario/fields.h"

#include <algorithm>
#include <cmath>

#include "proto/nearest.h"
#include "sim/scenario/units.h"

namespace phase::sim {
namespace {

constexpr std::size_t kMaxNames = 1000;
constexpr std::size_t kMostListed = 12;

}  // namespace

Fields::Fields(const TomlTable& table, std::string what,
               std::initializer_list<std::string_view> known, Problem& problem)
    : table_(table), what_(std::move(what)), problem_(problem) {
  for (const TomlMember& member : table_.members) {
    if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
    problem_.at(member.line, what_ + " has no key '" + member.key + "'" +
                                 did_you_mean(member.key, std::span(known.begin(), known.size())));
  }
}

std::uint32_t Fields::line(std::string_view key) const {
  const TomlMember* member = table_.find(key);
  return member == nullptr ? table_.line : member->line;
}

void Fields::refuse(std::string_view key, const std::string& rule) const {
  problem_.at(line(key), std::string(key) + ": " + rule);
}

void Fields::only_where(bool allowed, std::string_view key, const std::string& rule) const {
  if (!allowed && has(key)) refuse(key, rule);
}

void Fields::need(std::string_view key) const {
  if (!has(key)) problem_.at(table_.line, what_ + " needs '" + std::string(key) + "'");
}

template <class T>
const T* Fields::get(std::string_view key, const char* expected) const {
  const TomlMember* member = table_.find(key);
  if (member == nullptr) return nullptr;
  const T* value = std::get_if<T>(&member->value.is);
  if (value == nullptr) refuse(key, std::string("expected ") + expected);
  return value;
}

std::string Fields::text(std::string_view key, std::size_t most) const {
  const auto* value = get<std::string>(key, "a text");
  if (value == nullptr) return {};
  if (value->size() <= most) return *value;
  refuse(key, "over " + std::to_string(most) + " characters");
  return {};
}

std::string Fields::name(std::string_view key, std::size_t most) const {
  auto out = text(key, most);
  const auto good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  if (out.empty() || out[0] < 'a' || out[0] > 'z' || !std::all_of(out.begin(), out.end(), good)) {
    refuse(key, "a name has letters a-z, digits and '-', begins with a letter and has at most " +
                    std::to_string(most) + " characters");
  }
  return out;
}

bool Fields::flag(std::string_view key, bool otherwise) const {
  const auto* value = get<bool>(key, "true or false");
  return value == nullptr ? otherwise : *value;
}

std::uint64_t Fields::number(std::string_view key, std::uint64_t least, std::uint64_t most,
                             std::uint64_t otherwise) const {
  const auto* value = get<std::int64_t>(key, "a whole number");
  if (value == nullptr) return otherwise;
  if (*value >= 0 && static_cast<std::uint64_t>(*value) >= least &&
      static_cast<std::uint64_t>(*value) <= most) {
    return static_cast<std::uint64_t>(*value);
  }
  refuse(key, "expected " + std::to_string(least) + " to " + std::to_string(most));
  return otherwise;
}

double Fields::real(std::string_view key, double most, double otherwise) const {
  const TomlMember* member = table_.find(key);
  if (member == nullptr) return otherwise;
  double value = -1;
  if (const auto* real = std::get_if<double>(&member->value.is)) value = *real;
  if (const auto* whole = std::get_if<std::int64_t>(&member->value.is)) {
    value = static_cast<double>(*whole);
  }
  // Also false of a NaN, which TOML can say.
  if (value >= 0 && value <= most) return value;
  refuse(key, "expected a number from 0 to " + decimal_text(most, 0));
  return otherwise;
}

double Fields::share(std::string_view key, double otherwise) const {
  const TomlMember* member = table_.find(key);
  if (member == nullptr) return otherwise;
  const auto* text = std::get_if<std::string>(&member->value.is);
  if (text == nullptr) return real(key, 1, otherwise);
  if (const auto value = parse_share(*text)) return *value;
  refuse(key, "expected a share, as 0.05 or \"5 %\"");
  return otherwise;
}

std::chrono::microseconds Fields::duration(std::string_view key,
                                           std::chrono::microseconds most) const {
  const auto* text = get<std::string>(key, "a duration, as \"50 ms\" or \"2 min\"");
  if (text == nullptr) return {};
  const auto value = parse_duration(*text);
  if (!value) {
    refuse(key, "expected a duration, as \"50 ms\" or \"2 min\", not \"" + *text + "\"");
  } else if (*value > most) {
    refuse(key, "at most " + duration_text(most.count() / 1000));
  } else {
    return *value;
  }
  return {};
}

std::chrono::milliseconds Fields::whole_ms(std::string_view key,
                                           std::chrono::milliseconds most) const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration(key, most));
}

Rate Fields::rate(std::string_view key) const {
  const auto* text = get<std::string>(key, "a rate, as \"10 Mbit/s\"");
  if (text == nullptr) return {};
  const auto value = parse_rate(*text);
  if (!value) {
    refuse(key, "expected a rate, as \"10 Mbit/s\", not \"" + *text + "\"");
  } else if (*value < 8000) {
    refuse(key, "at least 8 kbit/s");
  } else {
    return Rate{*value};
  }
  return {};
}

std::uint64_t Fields::size(std::string_view key, std::uint64_t least, std::uint64_t most,
                           std::uint64_t otherwise) const {
  const auto* text = get<std::string>(key, "a size, as \"16 MiB\"");
  if (text == nullptr) return otherwise;
  const auto value = parse_size(*text);
  if (!value) {
    refuse(key, "expected a size, as \"16 MiB\", not \"" + *text + "\"");
  } else if (*value < least || *value > most) {
    refuse(key, "expected " + bytes_text(least) + " to " + bytes_text(most));
  } else {
    return *value;
  }
  return otherwise;
}

std::vector<std::string> Fields::texts(std::string_view key, const TomlValue& value) const {
  std::vector<std::string> out;
  if (const auto* text = std::get_if<std::string>(&value.is)) return {*text};
  const auto* list = std::get_if<std::vector<TomlValue>>(&value.is);
  const bool good = list != nullptr && !list->empty() && list->size() <= kMaxNames;
  if (!good) {
    refuse(key, "expected a name, or a list of names");
    return out;
  }
  for (const TomlValue& one : *list) {
    const auto* text = std::get_if<std::string>(&one.is);
    if (text == nullptr) refuse(key, "expected a name, or a list of names");
    else out.push_back(*text);
  }
  return out;
}

std::vector<std::string> Fields::names(std::string_view key) const {
  const TomlMember* member = table_.find(key);
  return member == nullptr ? std::vector<std::string>{} : texts(key, member->value);
}

std::vector<std::vector<std::string>> Fields::name_lists(std::string_view key) const {
  std::vector<std::vector<std::string>> out;
  const auto* lists = get<std::vector<TomlValue>>(key, "a list of lists of names");
  if (lists == nullptr) return out;
  for (const TomlValue& one : *lists) out.push_back(texts(key, one));
  return out;
}

std::size_t Fields::word(std::string_view key, std::span<const std::string_view> words,
                         std::size_t otherwise) const {
  const auto* text = get<std::string>(key, "a text");
  if (text == nullptr) return otherwise;
  const auto found = std::find(words.begin(), words.end(), *text);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  const auto meant = did_you_mean(*text, words);
  refuse(key, "no '" + *text + "'" + (meant.empty() ? "; there is " + listed(words) : meant));
  return otherwise;
}

std::vector<const TomlTable*> tables_of(const TomlTable& top, std::string_view key,
                                        std::size_t most, Problem& problem) {
  std::vector<const TomlTable*> out;
  const TomlMember* member = top.find(key);
  if (member == nullptr) return out;
  const std::string wanted = "expected [[" + std::string(key) + "]] tables";
  const auto* list = std::get_if<std::vector<TomlValue>>(&member->value.is);
  if (list == nullptr) {
    problem.at(member->line, wanted);
    return out;
  }
  if (list->size() > most) problem.at(member->line, wanted + ", " + std::to_string(most) + " at most");
  for (const TomlValue& one : *list) {
    const auto* table = std::get_if<TomlTable>(&one.is);
    if (table == nullptr) problem.at(one.line, wanted);
    else out.push_back(table);
  }
  return out;
}

std::string listed(std::span<const std::string_view> words) {
  std::string out;
  const std::size_t shown = std::min(words.size(), kMostListed);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += words[i];
  }
  return shown < words.size() ? out + ", …" : out;
}

}  // namespace phase::sim
