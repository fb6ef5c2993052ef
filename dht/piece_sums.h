// dht/piece_sums.h
// The SHA-1 of each piece, as an info dictionary has them (BEP 3). They are known as soon as the
// metadata is, long before peers were asked for BEP 52's hashes of pieces, and so tell which pieces
// of an older release are those of a new one. They find; what is found is checked as everybody's
// bytes are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dht/session.h"
#include "proto/bytes.h"
#include "proto/hash.h"
#include "proto/result.h"

namespace phase::dht {

/// In a hybrid torrent each file begins with a piece of its own (BEP 52).
struct FileSums {
  std::string path;
  std::uint64_t size = 0;
  Sha256 pieces_root{};        ///< Zeros for an empty file.
  std::uint32_t first = 0;     ///< The torrent's number of its first piece.
  std::vector<Sha1> sums;      ///< Empty for an empty file.
};

struct PieceSums {
  std::uint32_t piece_length = 0;
  std::uint32_t pieces = 0;    ///< Of the whole torrent.
  /// What the sum of the torrent's last piece is made of; every other piece that its file does not
  /// fill is filled up to `piece_length` with zeros.
  std::uint32_t last_piece = 0;
  std::vector<FileSums> files;
};

/// As read_torrent().
[[nodiscard]] Result<PieceSums> read_piece_sums(ByteView untrusted);

}  // namespace phase::dht
