// proto/ports.h
// What a decision may not take from the world by itself: time and chance. Monotonic time and
// wall time are different types. The owner injects the real ones (system_ports.h) or fakes.
#pragma once

#include <chrono>
#include <cstdint>

#include "proto/bytes.h"

namespace phase {

/// Never goes back; has no meaning outside this process.
using MonoTime = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

/// Seconds since 1970-01-01 UTC, as documents say it. May be wrong on a machine without clock.
struct WallTime {
  std::int64_t seconds = 0;
  auto operator<=>(const WallTime&) const = default;
};

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual MonoTime now() const = 0;
  [[nodiscard]] virtual WallTime wall() const = 0;
};

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
};

/// The operating system's clocks.
[[nodiscard]] const Clock& system_clock();
/// libsodium's generator.
[[nodiscard]] Random& system_random();

}  // namespace phase
