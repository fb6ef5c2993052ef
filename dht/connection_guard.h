// dht/connection_guard.h
// Ends connections that no good can come of: those from an address that this host has no longer
// (its peers would be waited for until they count as silent, half a minute), and those of one
// address beyond a cap. A libtorrent plugin; a connection is looked at once a second.
//
// Threads: libtorrent's, once it is made. Bounds: an entry for each connected address.
#pragma once

#include <cstdint>
#include <libtorrent/fwd.hpp>
#include <memory>

namespace phase::dht {

/// What the torrents of one session share.
class ConnectionCount;

/// `most` connections with one address, over all torrents; 0: any number.
[[nodiscard]] std::shared_ptr<ConnectionCount> make_connection_count(std::uint32_t most);
[[nodiscard]] std::shared_ptr<libtorrent::torrent_plugin> make_connection_guard(
    std::shared_ptr<ConnectionCount> count);

}  // namespace phase::dht
