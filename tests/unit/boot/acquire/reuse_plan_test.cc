// Goal: pieces of a release are looked for where older releases may have them, and nowhere else.
// Method: layouts made by hand; nothing is read.
#include "boot/reuse_plan.h"

#include <gtest/gtest.h>

namespace phase::boot {
namespace {

constexpr std::uint32_t kPiece = 64 * 1024;

Sha1 sum(std::uint8_t of) {
  Sha1 out{};
  out.fill(of);
  return out;
}

Sha256 root(std::uint8_t of) {
  Sha256 out{};
  out.fill(of);
  return out;
}

/// One file, whose last piece has 100 bytes, and which is the torrent's last too.
dht::PieceSums release(const std::vector<std::uint8_t>& sums, std::uint8_t file_root = 1) {
  dht::PieceSums out{kPiece, static_cast<std::uint32_t>(sums.size()) + 3, 100, {}};
  dht::FileSums file{"initramfs", (sums.size() - 1) * kPiece + 100, root(file_root), 3, {}};
  for (const std::uint8_t one : sums) file.sums.push_back(sum(one));
  out.files = {file};
  return out;
}

OlderFile older(const std::vector<std::uint8_t>& sums, std::uint32_t piece_length = kPiece) {
  OlderFile out{"/old/initramfs", "initramfs", (sums.size() - 1) * piece_length + 100, root(2),
                piece_length, {}};
  for (const std::uint8_t one : sums) out.sums.push_back(sum(one));
  return out;
}

TEST(ReusePlan, FindsPiecesBySumWhereverTheyLay) {
  const auto plan = plan_reuse(release({10, 11, 12, 13}), {older({11, 99, 10, 98, 13})});

  ASSERT_EQ(plan.size(), 3u);
  EXPECT_EQ(plan[0].piece, 3u);
  EXPECT_EQ(plan[0].offset, 2u * kPiece);
  EXPECT_EQ(plan[0].padded, kPiece);
  EXPECT_EQ(plan[1].piece, 4u);
  EXPECT_EQ(plan[1].offset, 0u);
  EXPECT_EQ(plan[2].piece, 6u);
  EXPECT_EQ(plan[2].offset, 4u * kPiece);
  EXPECT_EQ(plan[2].size, 100u);
  EXPECT_EQ(plan[2].padded, 100u) << "nothing follows the torrent's last piece";
}

// A sum counts padding; as many bytes of the file have to be there as the piece has.
TEST(ReusePlan, TakesNoPieceOfAnotherSize) {
  const auto plan = plan_reuse(release({10, 11}), {older({11, 10})});
  EXPECT_TRUE(plan.empty());
}

TEST(ReusePlan, TakesAWholeFileWithTheSameRootWhateverItsPieces) {
  auto same = older({50}, 2 * kPiece);
  same.path = "elsewhere";
  same.pieces_root = root(1);
  same.size = kPiece + 100;
  const auto plan = plan_reuse(release({10, 11}), {same});
  ASSERT_EQ(plan.size(), 2u);
  EXPECT_EQ(plan[1].offset, kPiece);
}

TEST(ReusePlan, GuessesOnlyForAFileOfThatNameWhosePiecesAreNotKnown) {
  OlderFile unknown{"/old/initramfs", "initramfs", kPiece + 50, {}, 0, {}};
  auto plan = plan_reuse(release({10, 11}), {unknown});
  ASSERT_EQ(plan.size(), 1u) << "the second piece would reach beyond its end";
  EXPECT_EQ(plan[0].piece, 3u);

  unknown.path = "kernel";
  EXPECT_TRUE(plan_reuse(release({10, 11}), {unknown}).empty());
  EXPECT_TRUE(plan_reuse(release({10, 11}), {older({20, 21})}).empty())
      << "its sums say that it has none of them";
}

TEST(ReusePlan, LooksFirstAtWhatStandsFirst) {
  auto second = older({10, 10});
  second.on_disk = "/older/initramfs";
  const auto plan = plan_reuse(release({10, 10}), {older({10, 10}), second});
  ASSERT_EQ(plan.size(), 2u);
  EXPECT_EQ(plan[0].older, 0u);
  EXPECT_EQ(plan[1].older, 0u);
}

// An altered torrent must not make anybody read behind a file's end.
TEST(ReusePlan, PassesOverSumsBehindTheEndOfTheirFile) {
  auto liar = older({10, 11, 12});
  liar.size = 100;
  EXPECT_TRUE(plan_reuse(release({11, 12}), {liar}).empty());
}

}  // namespace
}  // namespace phase::boot
