#include "sim/scenario/units.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <span>

namespace phase::sim {
namespace {

constexpr double kMost = 1e15;
constexpr double kKibi = 1024;

struct Unit {
  std::string_view name;
  double factor;
};

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, failed] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (!(value >= 0 && value <= kMost) || std::signbit(value)) return std::nullopt;
  return value;
}

std::optional<double> parse_figure(std::string_view text, std::span<const Unit> units) {
  const auto space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto number = parse_number(text.substr(0, space));
  for (const Unit& unit : units) {
    if (!number || text.substr(space + 1) != unit.name) continue;
    const double value = *number * unit.factor;
    if (value <= kMost) return value;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> whole(std::optional<double> value) {
  if (!value) return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(*value));
}

/// "12 min 5 s": the smaller unit is left out where it is none.
std::string two_units(std::int64_t large, const char* large_unit, std::int64_t small,
                      const char* small_unit) {
  std::string out = std::to_string(large) + " " + large_unit;
  if (small > 0) out += " " + std::to_string(small) + " " + small_unit;
  return out;
}

}  // namespace

std::optional<std::chrono::microseconds> parse_duration(std::string_view text) {
  static constexpr std::array<Unit, 5> kUnits{
      {{"us", 1}, {"ms", 1e3}, {"s", 1e6}, {"min", 6e7}, {"h", 3.6e9}}};
  const auto value = whole(parse_figure(text, kUnits));
  if (!value) return std::nullopt;
  return std::chrono::microseconds(static_cast<std::int64_t>(*value));
}

std::optional<std::uint64_t> parse_rate(std::string_view text) {
  static constexpr std::array<Unit, 3> kUnits{{{"kbit/s", 1e3}, {"Mbit/s", 1e6}, {"Gbit/s", 1e9}}};
  return whole(parse_figure(text, kUnits));
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  static constexpr std::array<Unit, 3> kUnits{
      {{"KiB", kKibi}, {"MiB", kKibi * kKibi}, {"GiB", kKibi * kKibi * kKibi}}};
  return whole(parse_figure(text, kUnits));
}

std::optional<double> parse_share(std::string_view text) {
  static constexpr std::array<Unit, 1> kUnits{{{"%", 0.01}}};
  const auto value = text.find(' ') == std::string_view::npos ? parse_number(text)
                                                               : parse_figure(text, kUnits);
  return value && *value <= 1 ? value : std::nullopt;
}

std::string decimal_text(double value, int digits) {
  std::array<char, 64> out{};
  const int size = std::snprintf(out.data(), out.size(), "%.*f", digits, value);
  return size > 0 && static_cast<std::size_t>(size) < out.size() ? std::string(out.data()) : "-";
}

std::string duration_text(std::int64_t milliseconds) {
  if (milliseconds < 0) {
    // Negated as unsigned: the least number has no positive counterpart.
    const auto size = ~static_cast<std::uint64_t>(milliseconds) + 1;
    return "-" + duration_text(static_cast<std::int64_t>(std::min<std::uint64_t>(
                     size, static_cast<std::uint64_t>(INT64_MAX))));
  }
  if (milliseconds < 1000) return std::to_string(milliseconds) + " ms";
  // What would be shown as 60.0 s belongs to the minutes.
  if (milliseconds < 59'950) return decimal_text(static_cast<double>(milliseconds) / 1000, 1) + " s";
  const std::int64_t seconds = milliseconds / 1000 + (milliseconds % 1000 >= 500 ? 1 : 0);
  if (seconds < 3600) return two_units(seconds / 60, "min", seconds % 60, "s");
  return two_units(seconds / 3600, "h", seconds % 3600 / 60, "min");
}

std::string bytes_text(std::uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  double value = static_cast<double>(bytes);
  const char* unit = "B";
  for (const char* next : {"KiB", "MiB", "GiB", "TiB"}) {
    if (value < kKibi) break;
    value /= kKibi;
    unit = next;
  }
  return decimal_text(value, 1) + " " + unit;
}

std::string rate_text(std::uint64_t bits_per_second) {
  const double value = static_cast<double>(bits_per_second);
  const auto figure = [&](double factor, const char* unit) {
    const double scaled = value / factor;
    return decimal_text(scaled, scaled == std::floor(scaled) ? 0 : 1) + " " + unit;
  };
  if (value >= 1e9) return figure(1e9, "Gbit/s");
  if (value >= 1e6) return figure(1e6, "Mbit/s");
  return figure(1e3, "kbit/s");
}

}  // namespace phase::sim
