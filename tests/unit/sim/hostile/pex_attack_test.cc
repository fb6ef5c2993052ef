#include "sim/hostile/pex_attack.h"

#include <gtest/gtest.h>

#include <set>

#include "proto/bencode.h"

namespace phase::sim {
namespace {

const Endpoint kBystander = *parse_endpoint("10.77.6.1:0");

std::string lie(PeerKind kind, std::uint64_t number) {
  Chance chance(number + 1);
  return pex_lie(kind, kBystander, number, chance);
}

/// Whom a well-formed lie names; none for another.
std::vector<Endpoint> named(const std::string& body) {
  const auto dict = bencode::decode(as_bytes(body), {.bytes = std::size_t{1} << 20});
  const auto* added = dict ? dict->find("added", bencode::Value::Kind::kString) : nullptr;
  std::vector<Endpoint> out;
  for (std::size_t at = 0; added != nullptr && at + 6 <= added->string.size(); at += 6) {
    out.push_back(*parse_compact(added->string.subspan(at, 6)));
  }
  return out;
}

TEST(PexLie, NamesAsManyAsAMessageMayOrFarMore) {
  EXPECT_EQ(named(lie(PeerKind::kPexNowhere, 0)).size(), 50U);
  EXPECT_EQ(named(lie(PeerKind::kPexFlood, 0)).size(), 10'000U);
}

TEST(PexLie, OfABystanderEachMessageNamesOtherPorts) {
  std::set<Endpoint> all;
  for (std::uint64_t number = 0; number < 40; ++number) {
    for (const Endpoint& one : named(lie(PeerKind::kPexBystander, number))) {
      EXPECT_EQ(one.host(), "10.77.6.1");
      all.insert(one);
    }
  }
  EXPECT_EQ(all.size(), 2000U);
  EXPECT_EQ(lie(PeerKind::kPexAgain, 3), lie(PeerKind::kPexBystander, 3));
}

TEST(PexLie, GarbageIsOfManyKindsAndShort) {
  std::set<std::string> different;
  for (std::uint64_t number = 0; number < 200; ++number) {
    const std::string garbage = lie(PeerKind::kPexGarbage, number);
    different.insert(garbage.substr(0, 9));
    EXPECT_LE(garbage.size(), 4096U);
  }
  EXPECT_GE(different.size(), 8U);
}

TEST(PexLie, OnlyPexKindsNameAnybody) {
  EXPECT_FALSE(is_pex_kind(PeerKind::kGarbage));
  EXPECT_TRUE(is_pex_kind(PeerKind::kPexNowhere));
  EXPECT_TRUE(is_pex_kind(PeerKind::kPexGarbage));
}

}  // namespace
}  // namespace phase::sim
