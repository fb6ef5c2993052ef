// sim/hostile/neighbour.h
// A host on the link that says that it fetches what everybody fetches, under names that come before
// everybody's, and never delivers. What it says, when: pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/endpoint.h"

namespace phase::sim {

enum class NeighbourKind : std::uint8_t {
  kSilent,   ///< One node, there all the time.
  kMany,     ///< Sixty, most of them at addresses where nobody is.
  kFlitting, ///< One after the other, each gone before it was waited for long enough.
};
[[nodiscard]] std::optional<NeighbourKind> parse_neighbour_kind(const std::string& name);

struct NeighbourClaim {
  NeighbourKind kind = NeighbourKind::kSilent;
  Endpoint at;          ///< Where it takes connections; IPv4.
  std::string release;  ///< <key id>/<channel>/<architecture>/<version>, as in docs/LAN.md.
};

/// The datagrams of a round. There are kNeighbourRounds in a second: fewer datagrams than one address is
/// allowed (docs/LAN.md).
inline constexpr int kNeighbourRounds = 5;
[[nodiscard]] std::vector<std::string> neighbour_says(const NeighbourClaim& claim, std::uint64_t round);

}  // namespace phase::sim
