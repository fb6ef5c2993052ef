// proto/piece_hash.h
// BEP 52's layer of pieces: a file is a tree of SHA-256 over its 16 KiB blocks, a piece is a
// subtree of it. So pieces can be checked in any order, each by itself. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "proto/bytes.h"
#include "proto/hash.h"

namespace phase {

/// The hash of one piece of a file. `width` is how many blocks a piece of this torrent has: a file
/// of several pieces has each filled up to it with zero hashes; 0 for a file of one piece, which is
/// filled only to the next power of two and whose hash is the file's root.
[[nodiscard]] Sha256 piece_hash(ByteView piece, std::size_t width);

/// The root of a file from the hashes of all its pieces.
[[nodiscard]] Sha256 root_of_pieces(std::vector<Sha256> pieces, std::size_t width);

inline constexpr std::size_t kBlockBytes = 16 * 1024;

}  // namespace phase
