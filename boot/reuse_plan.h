// boot/reuse_plan.h
// Which pieces of a release lie in files of older releases. Decides only where it is worth looking:
// every piece is hashed when it is read, and the file may have been altered since. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dht/piece_sums.h"
#include "proto/hash.h"

namespace phase::boot {

/// A file of an older release, as it was when that was verified.
struct OlderFile {
  std::string on_disk;
  std::string path;                ///< Within its release.
  std::uint64_t size = 0;
  Sha256 pieces_root{};            ///< Zeros: not known.
  std::uint32_t piece_length = 0;  ///< Of `sums`.
  std::vector<Sha1> sums;          ///< Of its pieces, as its torrent has them; empty: not known.
};

struct ReusePiece {
  std::uint32_t piece = 0;   ///< The torrent's number.
  std::uint32_t size = 0;    ///< Bytes of its file.
  std::uint32_t padded = 0;  ///< With the zeros behind them that its sum counts.
  Sha1 sum{};
  std::size_t older = 0;     ///< Which file…
  std::uint64_t offset = 0;  ///< …and where in it.
};

/// By sum at any multiple of the piece length, where the older torrent has the same; in a file with
/// the same root at the same place, whatever its pieces; and in a file with the same path whose sums
/// are not known, or are of other pieces, at the same place too, which is no more than a guess.
/// What stands first in `older` is looked at first. In the order of `release`.
[[nodiscard]] std::vector<ReusePiece> plan_reuse(const dht::PieceSums& release,
                                                 const std::vector<OlderFile>& older);

}  // namespace phase::boot
