// dht/connect_now.h
// Has libtorrent connect to peers that it was just told of. On its own it tries new ones once a
// second (session_impl::on_tick, whatever tick_interval says): longer than all that comes before
// in a boot. Only its own announces and a resumed torrent are followed by connections at once, and
// our peers come from lookups of ours. So the torrent is paused; a plugin resumes it before anything
// has happened, and answers for the pause that it is dealt with: no connection ends.
// Only for dht/*.cc.
#pragma once

#include <libtorrent/fwd.hpp>
#include <memory>

namespace phase::dht {

/// For each torrent that connect_now() is called for. No other pause of it has an effect then.
[[nodiscard]] std::shared_ptr<libtorrent::torrent_plugin> make_connect_now_plugin(
    const libtorrent::torrent_handle& torrent);

/// At most torrent_connect_boost connections in a torrent's life come about this way, the others
/// with the next second. Returns at once. Threads: any.
void connect_now(const libtorrent::torrent_handle& torrent);

}  // namespace phase::dht
