#include "node/http_range.h"

#include <algorithm>
#include <limits>
#include <optional>

namespace phase::node {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Digits only; a number beyond 64 bits is the largest one, which is past the end of any file.
std::optional<std::uint64_t> number(std::string_view text) {
  if (text.empty()) return std::nullopt;
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    value = value > (kMost - digit) / 10 ? kMost : value * 10 + digit;
  }
  return value;
}

bool is_bytes_unit(std::string_view unit) {
  constexpr std::string_view kBytes = "bytes";
  return std::equal(unit.begin(), unit.end(), kBytes.begin(), kBytes.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

bool list_matches(std::string_view list, std::string_view etag, bool weak) {
  list = trim(list);
  if (list == "*") return true;
  while (!list.empty()) {
    bool is_weak = false;
    if (list.starts_with("W/")) {
      is_weak = true;
      list.remove_prefix(2);
    }
    if (!list.starts_with('"')) return false;
    const auto end = list.find('"', 1);
    if (end == std::string_view::npos) return false;
    if (list.substr(1, end - 1) == etag && (weak || !is_weak)) return true;
    list = trim(list.substr(end + 1));
    if (list.empty()) return false;
    if (!list.starts_with(',')) return false;
    while (list.starts_with(',')) list = trim(list.substr(1));  // empty elements are allowed
  }
  return false;
}

}  // namespace

RangeAnswer parse_range(std::string_view range, std::uint64_t size) {
  using Kind = RangeAnswer::Kind;
  const auto equals = range.find('=');
  if (equals == std::string_view::npos || !is_bytes_unit(trim(range.substr(0, equals)))) return {};
  const auto part = trim(range.substr(equals + 1));
  const auto dash = part.find('-');
  if (dash == std::string_view::npos) return {};
  const auto first_text = part.substr(0, dash);
  const auto last_text = part.substr(dash + 1);

  if (first_text.empty()) {  // the last so many bytes
    const auto suffix = number(last_text);
    if (!suffix) return {};
    if (*suffix == 0) return {.kind = Kind::kUnsatisfiable};
    if (size == 0) return {};  // the whole of nothing: no Content-Range can say it
    const auto length = std::min(*suffix, size);
    return {.kind = Kind::kPart, .first = size - length, .length = length};
  }
  const auto first = number(first_text);
  if (!first) return {};
  auto last = std::optional<std::uint64_t>(std::numeric_limits<std::uint64_t>::max());
  if (!last_text.empty()) last = number(last_text);
  if (!last || *last < *first) return {};
  if (*first >= size) return {.kind = Kind::kUnsatisfiable};
  return {.kind = Kind::kPart, .first = *first, .length = std::min(*last, size - 1) - *first + 1};
}

bool any_etag_matches(std::string_view list, std::string_view etag) {
  return list_matches(list, etag, true);
}

bool any_etag_matches_strongly(std::string_view list, std::string_view etag) {
  return list_matches(list, etag, false);
}

bool if_range_matches(std::string_view field, std::string_view etag) {
  field = trim(field);
  return field.size() == etag.size() + 2 && field.front() == '"' && field.back() == '"' &&
         field.substr(1, etag.size()) == etag;
}

}  // namespace phase::node
