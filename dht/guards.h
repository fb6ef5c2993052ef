// dht/guards.h
// What keeps libtorrent within what the owner of a session allowed. Only for dht/*.cc.
#pragma once

#include <libtorrent/fwd.hpp>
#include <memory>
#include <vector>

#include "dht/on_link.h"
#include "proto/endpoint.h"

namespace phase::dht {

/// Lets nobody through but the addresses of `on_link`: peers from wherever they are named, those
/// that connect to us. It knows nothing of the DHT.
[[nodiscard]] libtorrent::ip_filter only(const OnLink& on_link);

/// For a torrent that only takes: what a peer asks for stays unanswered, be it a piece or the info
/// dictionary. Choking alone is not enough: some pieces may be asked for while choked (BEP 6).
[[nodiscard]] std::shared_ptr<libtorrent::torrent_plugin> make_take_only_plugin();

/// libtorrent opens a TCP listener beside each UDP socket, with no option against it; one that
/// accepts nobody is shut here, so that a stranger's connection is refused as on a closed port.
void stop_listening(const std::vector<Endpoint>& endpoints);

}  // namespace phase::dht
