// Goal: a scenario can name every attack that sim/hostile has, and no other. Method: the words of
// scenario files are held against the programs' own.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "sim/hostile/neighbour.h"
#include "sim/hostile/peer_attack.h"
#include "sim/scenario/names.h"

namespace phase::sim {
namespace {

/// The kinds of one program.
std::set<std::string> kinds_of(const std::string& program) {
  std::set<std::string> out;
  for (const auto name : attack_names()) {
    if (name.starts_with(program + " ")) out.emplace(name.substr(program.size() + 1));
  }
  return out;
}

TEST(AttackNames, AreThoseOfThePrograms) {
  const auto& peers = peer_kind_names();
  EXPECT_EQ(kinds_of("peer"), std::set<std::string>(peers.begin(), peers.end()));
  const auto neighbours = kinds_of("lan");
  std::set<NeighbourKind> known;
  for (const auto& kind : neighbours) {
    const auto parsed = parse_neighbour_kind(kind);
    ASSERT_TRUE(parsed) << kind;
    known.insert(*parsed);
  }
  EXPECT_EQ(known, (std::set{NeighbourKind::kSilent, NeighbourKind::kMany, NeighbourKind::kFlitting}));
  // Its program takes an option for each: --items, --forge, --bogus.
  EXPECT_EQ(kinds_of("dht"), (std::set<std::string>{"bogus", "forge", "replay"}));
  EXPECT_EQ(attack_names().size(), peers.size() + neighbours.size() + 3) << "of an unknown program, or twice";
}

}  // namespace
}  // namespace phase::sim
