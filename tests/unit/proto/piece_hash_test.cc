#include "proto/piece_hash.h"

#include <gtest/gtest.h>

namespace phase {
namespace {

Bytes pattern(std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(i * 31 + i / 251);
  return out;
}

Sha256 root_of(const Bytes& content) {
  PiecesRootStream stream;
  stream.update(content);
  return stream.finish();
}

TEST(PieceHash, OfAllPiecesMakeTheFilesRoot) {
  constexpr std::size_t kWidth = 4;
  constexpr std::size_t kPiece = kWidth * kBlockBytes;
  for (const std::size_t size : {kPiece + 1, 2 * kPiece, 2 * kPiece + 3 * kBlockBytes + 5,
                                 5 * kPiece - 1, 8 * kPiece, 9 * kPiece}) {
    const Bytes content = pattern(size);
    std::vector<Sha256> pieces;
    for (std::size_t at = 0; at < size; at += kPiece) {
      pieces.push_back(
          piece_hash(ByteView(content).subspan(at, std::min(kPiece, size - at)), kWidth));
    }
    EXPECT_EQ(root_of_pieces(pieces, kWidth), root_of(content)) << size;
  }
}

TEST(PieceHash, OfAFileOfOnePieceIsItsRoot) {
  for (const std::size_t size : {std::size_t{1}, kBlockBytes, kBlockBytes + 1, 3 * kBlockBytes}) {
    const Bytes content = pattern(size);
    EXPECT_EQ(piece_hash(content, 0), root_of(content)) << size;
    EXPECT_EQ(root_of_pieces({piece_hash(content, 0)}, 4), root_of(content)) << size;
  }
}

TEST(PieceHash, ChangesWithEachByte) {
  Bytes content = pattern(3 * kBlockBytes + 7);
  const Sha256 before = piece_hash(content, 4);
  for (const std::size_t at : {std::size_t{0}, kBlockBytes, content.size() - 1}) {
    content[at] ^= 1;
    EXPECT_NE(piece_hash(content, 4), before) << at;
    content[at] ^= 1;
  }
  EXPECT_EQ(piece_hash(content, 4), before);
}

}  // namespace
}  // namespace phase
