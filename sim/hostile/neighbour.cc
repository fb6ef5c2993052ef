#include "sim/hostile/neighbour.h"

#include "sim/hostile/mdns.h"

namespace phase::sim {
namespace {

constexpr std::uint64_t kMany = 60;
constexpr std::uint64_t kManyPerRound = 10;
/// A name that says goodbye is known for a second more (RFC 6762 10.1): each one is there for a little
/// less than a machine is patient, 1.8 of two seconds, and the next one comes when it is gone.
constexpr std::uint64_t kSaysGoodbye = 4;
constexpr std::uint64_t kFlitRounds = 10;

constexpr std::uint32_t kLong = 4500;

/// Number `name`, so many addresses behind `at`.
std::string node(const NeighbourClaim& claim, std::uint64_t name, std::uint64_t behind,
                 std::uint32_t ttl = kLong) {
  std::string address(claim.at.address.begin(), claim.at.address.begin() + 4);
  address.back() = static_cast<char>(claim.at.address[3] + behind);
  return forged_node({.instance = "!" + std::to_string(name),
                      .address = address,
                      .port = claim.at.port,
                      .txt = {"v=1", "p=" + std::to_string(claim.at.port), "f0=" + claim.release},
                      .ttl = ttl});
}

std::vector<std::string> flit(const NeighbourClaim& claim, std::uint64_t round) {
  const std::uint64_t name = round / kFlitRounds;
  const std::uint64_t at = round % kFlitRounds;
  if (at > kSaysGoodbye) return {};
  return {node(claim, name, 0, at == kSaysGoodbye ? 0 : kLong)};
}

}  // namespace

std::optional<NeighbourKind> parse_neighbour_kind(const std::string& name) {
  if (name == "silent") return NeighbourKind::kSilent;
  if (name == "many") return NeighbourKind::kMany;
  if (name == "flitting") return NeighbourKind::kFlitting;
  return std::nullopt;
}

std::vector<std::string> neighbour_says(const NeighbourClaim& claim, std::uint64_t round) {
  if (claim.kind == NeighbourKind::kSilent) return {node(claim, 0, 0)};
  if (claim.kind == NeighbourKind::kFlitting) return flit(claim, round);
  std::vector<std::string> out;
  for (std::uint64_t i = 0; i < kManyPerRound; ++i) {
    const std::uint64_t number = (round * kManyPerRound + i) % kMany;
    out.push_back(node(claim, number, number));
  }
  return out;
}

}  // namespace phase::sim
