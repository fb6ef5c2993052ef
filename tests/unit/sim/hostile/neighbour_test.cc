#include "sim/hostile/neighbour.h"

#include <gtest/gtest.h>

#include <set>

#include "sim/hostile/mdns.h"

namespace phase::sim {
namespace {

const NeighbourClaim kClaim{NeighbourKind::kSilent, *parse_endpoint("10.78.1.100:6881"),
                            "0123456789abcdef/stable/x86_64/7"};

NeighbourClaim of(NeighbourKind kind) {
  NeighbourClaim out = kClaim;
  out.kind = kind;
  return out;
}

TEST(Neighbour, KindsHaveNames) {
  EXPECT_EQ(parse_neighbour_kind("silent"), NeighbourKind::kSilent);
  EXPECT_EQ(parse_neighbour_kind("many"), NeighbourKind::kMany);
  EXPECT_EQ(parse_neighbour_kind("flitting"), NeighbourKind::kFlitting);
  EXPECT_FALSE(parse_neighbour_kind("honest"));
}

TEST(Neighbour, SaysWhatItFetchesWhereItIsAndUnderALowName) {
  const auto said = neighbour_says(kClaim, 3);
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0], forged_node({.instance = "!0",
                                  .address = std::string{10, 78, 1, 100},
                                  .port = 6881,
                                  .txt = {"v=1", "p=6881", "f0=" + kClaim.release}}));
  EXPECT_NE(said[0].find(std::string("\x23") + "f0=0123456789abcdef/stable/x86_64/7"), std::string::npos)
      << "a string of a TXT record has its length in front";
}

TEST(Neighbour, ManyAreSixtyAndStayBelowTheLimitForOneAddress) {
  std::set<std::string> all;
  for (std::uint64_t round = 0; round < 50; ++round) {
    const auto said = neighbour_says(of(NeighbourKind::kMany), round);
    EXPECT_LT(said.size() * kNeighbourRounds, 64U);
    all.insert(said.begin(), said.end());
  }
  EXPECT_EQ(all.size(), 60U);
}

TEST(Neighbour, OneThatFlitsComesUnderAnotherNameAfterEachGoodbye) {
  std::vector<std::size_t> said;
  std::set<std::string> all;
  for (std::uint64_t round = 0; round < 20; ++round) {
    const auto now = neighbour_says(of(NeighbourKind::kFlitting), round);
    said.push_back(now.size());
    all.insert(now.begin(), now.end());
  }
  const std::vector<std::size_t> one{1, 1, 1, 1, 1, 0, 0, 0, 0, 0};
  EXPECT_EQ(std::vector(said.begin(), said.begin() + 10), one);
  EXPECT_EQ(std::vector(said.begin() + 10, said.end()), one);
  EXPECT_EQ(all.size(), 4U) << "two names, each there and withdrawn";
}

}  // namespace
}  // namespace phase::sim
