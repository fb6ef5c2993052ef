// dht/torrent_rules.h
// What of libtorrent's parsed torrents we accept: one rule set for .torrent files and for info
// dictionaries that came from peers. Only for dht/*.cc.
#pragma once

#include <libtorrent/fwd.hpp>

#include "dht/torrent.h"

namespace phase::dht {

inline constexpr std::size_t kMaxTorrentFiles = 300;  ///< kMaxArtifacts, manifest and sums, room.
inline constexpr int kMinPieceBytes = 64 * 1024;
inline constexpr int kMaxPieceBytes = 64 * 1024 * 1024;
/// An info dictionary within kMaxMetadataBytes holds no more SHA-1 hashes than that.
inline constexpr int kMaxPieces = static_cast<int>(kMaxMetadataBytes / 20);

/// Pieces of a file whose BEP 52 hashes one request brings. libtorrent 2.0.8 asks for 512 at a
/// time; of a file with 1025 pieces it took the last answer for "invalid hashes" and closed the
/// connection every few seconds, a third of the link's rate was left.
inline constexpr std::uint64_t kMaxFilePieces = 512;

/// 64 KiB, because small pieces spread fastest in a flash crowd and a bad one costs least; more
/// where a file would have more than kMaxFilePieces, or the SHA-1 hashes fill the info dictionary.
[[nodiscard]] int choose_piece_bytes(const std::vector<TorrentFile>& files);

/// The info dictionary and the piece layers of a .torrent file that passed read_torrent(), and
/// nothing else: libtorrent would announce to the trackers that it names, fetch from its web seeds
/// and ask its DHT nodes, wherever the file came from.
[[nodiscard]] Bytes contents_of(ByteView torrent);

/// kMalformed names the rule that the torrent breaks.
[[nodiscard]] Result<TorrentInfo> accept_torrent(const libtorrent::torrent_info& parsed);

}  // namespace phase::dht
