// sim/scenario/units.h
// Figures with units, as people write and read them. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace phase::sim {

/// A number without sign, a space, a unit. None for anything else, and for what is over 10^15.
/// Units of durations: us, ms, s, min, h.
[[nodiscard]] std::optional<std::chrono::microseconds> parse_duration(std::string_view text);
/// kbit/s, Mbit/s, Gbit/s; bits per second.
[[nodiscard]] std::optional<std::uint64_t> parse_rate(std::string_view text);
/// KiB, MiB, GiB; bytes.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);
/// "0.05" or "5 %": 0 to 1.
[[nodiscard]] std::optional<double> parse_share(std::string_view text);

/// "840 ms", "31.2 s", "12 min 5 s", "3 h 20 min".
[[nodiscard]] std::string duration_text(std::int64_t milliseconds);
/// "512 B", "16.0 MiB".
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);
/// "10 Mbit/s".
[[nodiscard]] std::string rate_text(std::uint64_t bits_per_second);
/// Fixed point with `digits` behind the point: "1.07".
[[nodiscard]] std::string decimal_text(double value, int digits);

}  // namespace phase::sim
