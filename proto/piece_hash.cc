#include "proto/piece_hash.h"

#include <algorithm>
#include <utility>

namespace phase {

Sha256 piece_hash(ByteView piece, std::size_t width) {
  std::vector<Sha256> leaves;
  leaves.reserve(std::max(width, piece.size() / kBlockBytes + 1));
  for (std::size_t at = 0; at < piece.size(); at += kBlockBytes) {
    leaves.push_back(sha256(piece.subspan(at, std::min(kBlockBytes, piece.size() - at))));
  }
  leaves.resize(std::max(width, leaves.size()));
  return merkle_root(std::move(leaves), Sha256{});
}

Sha256 root_of_pieces(std::vector<Sha256> pieces, std::size_t width) {
  const Sha256 filler = merkle_root(std::vector<Sha256>(width), Sha256{});
  return merkle_root(std::move(pieces), filler);
}

}  // namespace phase
