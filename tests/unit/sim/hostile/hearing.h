// tests/unit/sim/hostile/hearing.h
// The other end of a hostile program's connection.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "sim/hostile/victim.h"

namespace phase::sim::test {

struct Heard {
  std::string text;    ///< At most kMostHeard bytes.
  bool ended = false;  ///< The attack closed the connection; else whoever listened did.
  auto operator<=>(const Heard&) const = default;
};

inline constexpr std::size_t kMostHeard = 256 * 1024;

/// What `attack` sends to somebody who says `first` and then listens, for two seconds at most.
[[nodiscard]] Heard hear(const std::function<void(const Victim&)>& attack,
                         std::string_view first = {});

}  // namespace phase::sim::test
