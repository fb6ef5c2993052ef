#include "boot/reuse_plan.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace phase::boot {
namespace {

struct Place {
  std::size_t older = 0;
  std::uint64_t offset = 0;
};
/// A sum and how many bytes of the file it is made of: zeros may be the file's or the padding.
using Key = std::pair<Sha1, std::uint32_t>;

std::map<Key, Place> index_of(const std::vector<OlderFile>& older, std::uint32_t piece_length) {
  std::map<Key, Place> out;
  for (std::size_t i = 0; i < older.size(); ++i) {
    const OlderFile& file = older[i];
    if (file.piece_length != piece_length) continue;
    std::uint64_t offset = 0;
    for (const Sha1& sum : file.sums) {
      if (offset >= file.size) break;
      const auto size =
          static_cast<std::uint32_t>(std::min<std::uint64_t>(piece_length, file.size - offset));
      out.emplace(Key{sum, size}, Place{i, offset});
      offset += piece_length;
    }
  }
  return out;
}

/// The older file that is this one, or may be an earlier version of it.
std::optional<std::size_t> counterpart(const dht::FileSums& file, std::uint32_t piece_length,
                                       const std::vector<OlderFile>& older) {
  const auto same = std::find_if(older.begin(), older.end(), [&](const OlderFile& one) {
    return one.size == file.size && one.pieces_root == file.pieces_root;
  });
  if (same != older.end()) return static_cast<std::size_t>(same - older.begin());
  const auto guess = std::find_if(older.begin(), older.end(), [&](const OlderFile& one) {
    return one.path == file.path && (one.sums.empty() || one.piece_length != piece_length);
  });
  if (guess != older.end()) return static_cast<std::size_t>(guess - older.begin());
  return std::nullopt;
}

}  // namespace

std::vector<ReusePiece> plan_reuse(const dht::PieceSums& release,
                                   const std::vector<OlderFile>& older) {
  std::vector<ReusePiece> out;
  if (older.empty() || release.piece_length == 0) return out;
  const auto index = index_of(older, release.piece_length);
  for (const dht::FileSums& file : release.files) {
    const auto other = counterpart(file, release.piece_length, older);
    for (std::uint32_t i = 0; i < file.sums.size(); ++i) {
      const std::uint64_t offset = std::uint64_t{i} * release.piece_length;
      ReusePiece piece;
      piece.piece = file.first + i;
      piece.size = static_cast<std::uint32_t>(
          std::min<std::uint64_t>(release.piece_length, file.size - offset));
      const bool last = piece.piece + 1 == release.pieces;
      piece.padded = last ? release.last_piece : release.piece_length;
      piece.sum = file.sums[i];
      if (const auto found = index.find({piece.sum, piece.size}); found != index.end()) {
        piece.older = found->second.older;
        piece.offset = found->second.offset;
      } else if (other && offset + piece.size <= older[*other].size) {
        piece.older = *other;
        piece.offset = offset;
      } else {
        continue;
      }
      out.push_back(piece);
    }
  }
  return out;
}

}  // namespace phase::boot
