// Goal: each kind of peer harms the block that it is asked for, in its own way, and counts that.
// Method: one block of a small real release, heard at the other end of a socket.
#include "sim/hostile/block_harm.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "tests/unit/sim/hostile/hearing.h"
#include "tests/unit/sim/hostile/made_release.h"

namespace phase::sim {
namespace {

using test::hear;
using test::Heard;
using test::MadeRelease;

constexpr BlockRequest kAsked{.piece = 1, .begin = 0, .count = 1000};

class BlockHarm : public testing::Test {
 protected:
  struct Harmed {
    Heard heard;
    bool goes_on = false;
    std::string counted;
  };

  Harmed harm(PeerKind kind, const BlockRequest& asked = kAsked, std::uint64_t rng_seed = 1,
              const std::string& spare = {}) {
    PeerAttack attack{kind, made_.copy(), {}, spare, rng_seed};
    if (kind == PeerKind::kSwap || kind == PeerKind::kReplay) attack.other = older_.copy();
    Harmed out;
    out.heard = hear([&](const Victim& victim) {
      Chance chance(rng_seed);
      Tally tally;
      out.goes_on = harm_block(attack, asked, victim, chance, tally);
      std::ostringstream counted;
      tally.print(counted);
      out.counted = counted.str();
    });
    return out;
  }
  [[nodiscard]] std::string honest(const BlockRequest& asked = kAsked) const {
    return wire(made_.copy().read(asked.piece, asked.begin, asked.count), asked);
  }
  static std::string wire(const Bytes& block, const BlockRequest& asked = kAsked) {
    return std::string(as_text(piece_message(asked.piece, asked.begin, block)));
  }

  MadeRelease made_{4}, older_{3};
};

TEST_F(BlockHarm, CorruptChangesOneByteOfTheBlock) {
  const auto harmed = harm(PeerKind::kCorrupt);
  EXPECT_EQ(harmed.counted, "delivered 1 corrupt\n");
  EXPECT_TRUE(harmed.goes_on);
  const auto good = honest();
  ASSERT_EQ(harmed.heard.text.size(), good.size());
  int different = 0;
  for (std::size_t i = 0; i < good.size(); ++i)
    different += good[i] != harmed.heard.text[i] ? 1 : 0;
  EXPECT_EQ(different, 1);
  EXPECT_EQ(harmed.heard.text.substr(0, 13), good.substr(0, 13)) << "its head is true";
}

TEST_F(BlockHarm, TruncateEndsInTheMiddle) {
  const auto harmed = harm(PeerKind::kTruncate);
  EXPECT_EQ(harmed.counted, "delivered 1 truncate\n");
  EXPECT_FALSE(harmed.goes_on);
  EXPECT_EQ(harmed.heard.text, honest().substr(0, honest().size() / 2));
}

TEST_F(BlockHarm, StallSendsAByteASecond) {
  const auto harmed = harm(PeerKind::kStall);
  EXPECT_FALSE(harmed.heard.ended);
  EXPECT_GE(harmed.heard.text.size(), 1U);
  EXPECT_LE(harmed.heard.text.size(), 3U);
  EXPECT_TRUE(harmed.counted.starts_with("delivered 1 stall\n")) << harmed.counted;
}

TEST_F(BlockHarm, SwapAndReplaySendTheOlderReleasesBlock) {
  const auto others = wire(older_.copy().read(1, 0, 1000));
  ASSERT_NE(others, honest());
  for (const auto& [kind, name] :
       {std::pair(PeerKind::kSwap, "swap"), std::pair(PeerKind::kReplay, "replay")}) {
    const auto harmed = harm(kind);
    EXPECT_EQ(harmed.heard.text, others) << name;
    EXPECT_EQ(harmed.counted, std::string("delivered 1 ") + name + "-3\n");
    EXPECT_TRUE(harmed.goes_on) << name;
  }
  // Beyond both there are zeros in both: nothing was harmed, and nothing is counted.
  EXPECT_EQ(harm(PeerKind::kSwap, {.piece = 9, .begin = 0, .count = 10}).counted, "");
}

// Five variants, and never the block as it is with its right length.
TEST_F(BlockHarm, LieLengthHasManyWays) {
  std::set<std::string> heads;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const auto harmed = harm(PeerKind::kLieLength, kAsked, seed);
    EXPECT_EQ(harmed.counted, "delivered 1 lie-length\n");
    EXPECT_NE(harmed.heard.text, honest()) << seed;
    const auto bytes = as_bytes(harmed.heard.text);
    ASSERT_GE(bytes.size(), 13U);
    const bool says_all = get32(bytes, 0) + 4 == bytes.size();
    const bool at_piece = get32(bytes, 5) == kAsked.piece,
               at_begin = get32(bytes, 9) == kAsked.begin;
    const int compared = bytes.size() < honest().size()   ? -1
                         : bytes.size() > honest().size() ? 1
                                                          : 0;
    heads.insert(std::to_string(says_all) + std::to_string(at_piece) + std::to_string(at_begin) +
                 std::to_string(compared));
  }
  const std::set<std::string> all = {"111-1", "1111", "1100", "1010", "0110"};
  EXPECT_EQ(heads, all);
}

TEST_F(BlockHarm, NeverEndGoesOnForAsLongAsSomebodyListens) {
  std::set<char> begins;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const auto harmed = harm(PeerKind::kNeverEnd, kAsked, seed);
    EXPECT_GE(harmed.heard.text.size(), test::kMostHeard) << seed;
    EXPECT_FALSE(harmed.heard.ended);
    EXPECT_FALSE(harmed.goes_on);
    EXPECT_TRUE(harmed.counted.ends_with(" never-end\n")) << harmed.counted;
    begins.insert(harmed.heard.text[3]);
  }
  EXPECT_GE(begins.size(), 3U) << "HAVEs, keep-alives, a message of 2 GiB";
}

TEST_F(BlockHarm, TheSpareFileIsServedAsItIs) {
  const BlockRequest kernel{.piece = 3, .begin = 0, .count = 10};
  for (const auto kind : {PeerKind::kCorrupt, PeerKind::kTruncate, PeerKind::kStall}) {
    const auto harmed = harm(kind, kernel, 1, "kernel");
    EXPECT_EQ(harmed.heard.text, honest(kernel));
    EXPECT_EQ(harmed.counted, "");
    EXPECT_TRUE(harmed.goes_on);
  }
  EXPECT_NE(harm(PeerKind::kCorrupt, kAsked, 1, "kernel").heard.text, honest());
}

TEST(PeerKinds, HaveTheNamesThatAreParsed) {
  ASSERT_EQ(peer_kind_names().size(), static_cast<std::size_t>(PeerKind::kPexGarbage) + 1);
  for (std::size_t i = 0; i < peer_kind_names().size(); ++i) {
    EXPECT_EQ(parse_peer_kind(peer_kind_names()[i]), static_cast<PeerKind>(i));
  }
  EXPECT_FALSE(parse_peer_kind("honest").has_value());
  EXPECT_FALSE(parse_peer_kind("").has_value());
}

}  // namespace
}  // namespace phase::sim
