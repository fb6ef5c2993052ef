#include "sim/scenario/toml_tables.h"

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <algorithm>
#include <optional>

namespace phase::sim {
namespace {

/// A dotted key of so many parts is a recursion as deep in toml++.
constexpr std::ptrdiff_t kMaxDots = 2048;
constexpr int kMaxDepth = 4;

/// toml++ 3.3 recurses once for each part of a dotted key, without a limit, and on some letters
/// beyond ASCII it runs into __builtin_unreachable.
Result<void> check_text(std::string_view toml, std::size_t most_bytes) {
  if (toml.size() > most_bytes) {
    return {ErrorCode::kConfig, "over " + std::to_string(most_bytes) + " bytes"};
  }
  const auto odd = std::find_if(toml.begin(), toml.end(), [](char c) {
    return (c < ' ' || c > '~') && c != '\t' && c != '\r' && c != '\n';
  });
  if (odd != toml.end()) {
    return at_line(static_cast<std::uint32_t>(1 + std::count(toml.begin(), odd, '\n')),
                   "not ASCII; comments neither");
  }
  if (std::count(toml.begin(), toml.end(), '.') > kMaxDots) {
    return {ErrorCode::kConfig, "over " + std::to_string(kMaxDots) + " dots"};
  }
  return {};
}

std::uint32_t line_of(const toml::source_region& where) {
  return where.begin.line;
}

Result<TomlTable> table_of(const toml::table& from, int depth);

Result<TomlValue> value_of(const toml::node& node, int depth) {
  TomlValue out;
  out.line = line_of(node.source());
  if (depth > kMaxDepth) return at_line(out.line, "tables and lists within each other, too deep");
  if (const auto* text = node.as_string()) {
    out.is = text->get();
  } else if (const auto* whole = node.as_integer()) {
    out.is = whole->get();
  } else if (const auto* real = node.as_floating_point()) {
    out.is = real->get();
  } else if (const auto* flag = node.as_boolean()) {
    out.is = flag->get();
  } else if (const auto* list = node.as_array()) {
    std::vector<TomlValue> values;
    for (const toml::node& one : *list) {
      auto value = value_of(one, depth + 1);
      if (!value) return value.error();
      values.push_back(*std::move(value));
    }
    out.is = std::move(values);
  } else if (const auto* table = node.as_table()) {
    auto inner = table_of(*table, depth + 1);
    if (!inner) return inner.error();
    out.is = *std::move(inner);
  }
  return out;
}

Result<TomlTable> table_of(const toml::table& from, int depth) {
  TomlTable out;
  out.line = line_of(from.source());
  for (const auto& [key, node] : from) {
    auto value = value_of(node, depth);
    if (!value) return value.error();
    out.members.push_back(
        {std::string(key.str()), line_of(key.source()), *std::move(value)});
  }
  return out;
}

}  // namespace

const TomlMember* TomlTable::find(std::string_view key) const {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const TomlMember& one) { return one.key == key; });
  return found == members.end() ? nullptr : &*found;
}

Error at_line(std::uint32_t line, const std::string& rule) {
  return {ErrorCode::kConfig, "line " + std::to_string(line) + ": " + rule};
}

Result<TomlTable> parse_toml(std::string_view toml, std::size_t most_bytes) {
  if (auto text = check_text(toml, most_bytes); !text) return text.error();
  const toml::parse_result parsed = toml::parse(toml);
  if (!parsed) {
    return at_line(line_of(parsed.error().source()), std::string(parsed.error().description()));
  }
  return table_of(parsed.table(), 0);
}

}  // namespace phase::sim
