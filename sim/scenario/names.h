// sim/scenario/names.h
// The words of scenario files for roles, actions, expectations and attacks; also of the JSON and the
// page. Pure.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sim/scenario/scenario.h"

namespace phase::sim {

/// In the order of the enumerations.
inline constexpr std::array<std::string_view, 6> kRoleNames{"publisher", "provider", "mirror",
                                                            "dht-node",  "hostile",  "machine"};
inline constexpr std::array<std::string_view, 2> kKindNames{"process", "qemu"};
inline constexpr std::array<std::string_view, 12> kActionNames{
    "start",     "stop", "kill",   "restart", "publish", "renew",
    "partition", "heal", "unplug", "plug",    "corrupt", "churn"};
inline constexpr std::array<std::string_view, 11> kExpectedNames{
    "boots",  "boot-time",    "serves-within", "converges", "never-older",     "images",
    "uplink", "fetched-once", "found-by-dht",  "attacked",  "nothing-unsigned"};
/// Each is a program of sim/hostile/ and what it is told to do.
[[nodiscard]] std::span<const std::string_view> attack_names();

[[nodiscard]] std::string role_name(HostRole role);
[[nodiscard]] std::string action_name(Action action);

template <class Enum, std::size_t size>
[[nodiscard]] std::optional<Enum> parse_name(std::string_view text,
                                             const std::array<std::string_view, size>& names) {
  for (std::size_t i = 0; i < size; ++i) {
    if (names[i] == text) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace phase::sim
