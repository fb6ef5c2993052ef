// dht/piece_sums_of.h
// Piece sums of a torrent that libtorrent has parsed. Only for dht/*.cc.
#pragma once

#include <libtorrent/fwd.hpp>

#include "dht/piece_sums.h"

namespace phase::dht {

/// `info` is what accept_torrent() made of `parsed`.
[[nodiscard]] PieceSums piece_sums_of(const libtorrent::torrent_info& parsed,
                                      const TorrentInfo& info);

}  // namespace phase::dht
