// dht/torrent.h
// Makes and reads .torrent files of releases: hybrid v1+v2 (BEP 52), no tracker, deterministic
// (the same files give the same bytes).
#pragma once

#include <string>
#include <vector>

#include "dht/session.h"
#include "proto/bytes.h"
#include "proto/result.h"

namespace phase::dht {

struct MadeTorrent {
  Bytes torrent;
  TorrentInfo info;
};

/// Hashes `files` (paths relative to `folder`) into a torrent named `name`. 64 KiB pieces, more
/// where a file would have more than 512 or the info dictionary would pass kMaxMetadataBytes. kStore where a file cannot be read.
[[nodiscard]] Result<MadeTorrent> make_torrent(const std::string& name, const std::string& folder,
                                               const std::vector<std::string>& files);

/// kMalformed for anything but a hybrid torrent within the limits.
[[nodiscard]] Result<TorrentInfo> read_torrent(ByteView untrusted);

/// One file's pieces; in a hybrid torrent each file begins with a piece of its own (BEP 52).
struct FilePieces {
  std::string path;
  std::uint64_t size = 0;
  std::uint32_t first = 0;      ///< The torrent's number of its first piece.
  std::vector<Sha256> hashes;   ///< proto/piece_hash.h; empty for an empty file.
};

struct PieceLayout {
  std::string name;             ///< The torrent's.
  Infohashes infohashes;
  std::uint32_t piece_length = 0;
  std::uint32_t pieces = 0;     ///< Of the whole torrent.
  std::vector<FilePieces> files;
};

/// The hashes by which each piece can be checked on its own. As read_torrent(), and kMalformed too
/// where a file's hashes are missing or do not make its root: what comes out holds for the torrent's
/// infohash as surely as the file list.
[[nodiscard]] Result<PieceLayout> read_piece_layout(ByteView untrusted);

}  // namespace phase::dht
