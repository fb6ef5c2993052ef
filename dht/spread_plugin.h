// dht/spread_plugin.h
// Has a seed of ours give pieces out one by one while several peers fetch at once (spread.h decides).
// To libtorrent everybody is unchoked, and everything that is asked for is sent as ever, counted and
// limited; but the peers hear that they are choked, and which pieces they may ask for all the same
// (BEP 6, Allowed Fast). Who does not know BEP 6 is left alone, and so is whoever names no port at
// which others could fetch it from him (a private machine), and whoever has not asked for the release's
// largest file yet: it may want a manifest only.
// Only for dht/*.cc. Threads: libtorrent's.
#pragma once

#include <libtorrent/fwd.hpp>
#include <memory>

namespace phase::dht {

/// For a torrent that is whole.
[[nodiscard]] std::shared_ptr<libtorrent::torrent_plugin> make_spread_plugin(
    const libtorrent::torrent_info& torrent);

}  // namespace phase::dht
