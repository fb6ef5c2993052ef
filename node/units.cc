#include "node/units.h"

#include <charconv>
#include <limits>
#include <optional>
#include <string>

namespace phase::node {
namespace {

struct Counted {
  std::uint64_t number = 0;
  std::string_view unit;
};

std::optional<Counted> split(std::string_view text) {
  Counted out;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.number);
  if (error != std::errc()) return std::nullopt;
  out.unit = text.substr(static_cast<std::size_t>(end - text.data()));
  return out;
}

Error no(std::string_view text, std::string_view what) {
  std::string detail(text);
  detail.append(what);
  return {ErrorCode::kUsage, std::move(detail)};
}

}  // namespace

Result<std::int64_t> parse_lifetime(std::string_view text) {
  constexpr std::uint64_t kLongest = 100ULL * 365 * 86400;
  if (text == "never") return std::int64_t{0};
  std::uint64_t factor = 0;
  const auto counted = split(text);
  if (counted) {
    if (counted->unit == "s") factor = 1;
    if (counted->unit == "h") factor = 3600;
    if (counted->unit == "d") factor = 86400;
    if (counted->unit == "w") factor = 7 * 86400;
    if (counted->unit == "y") factor = 365 * 86400;
  }
  if (factor == 0 || counted->number == 0 || counted->number > kLongest / factor)
    return no(text, ": no length of time; write 12h, 90d, 2w, 1y (at most 100y) or never");
  return static_cast<std::int64_t>(counted->number * factor);
}

Result<std::uint64_t> parse_size(std::string_view text) {
  int shift = -1;
  const auto counted = split(text);
  if (counted) {
    if (counted->unit.empty()) shift = 0;
    if (counted->unit == "K") shift = 10;
    if (counted->unit == "M") shift = 20;
    if (counted->unit == "G") shift = 30;
    if (counted->unit == "T") shift = 40;
  }
  if (shift < 0 || counted->number > (std::numeric_limits<std::uint64_t>::max() >> shift))
    return no(text, ": no size; write bytes, 64K, 256M or 1G");
  return counted->number << shift;
}

}  // namespace phase::node
