// dht/guards.h
// What keeps libtorrent within what the owner of a session allowed. Only for dht/*.cc.
#pragma once

#include <libtorrent/fwd.hpp>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "dht/on_link.h"
#include "proto/endpoint.h"

namespace phase::dht {

/// Lets nobody through but the addresses of `on_link`: peers from wherever they are named, those
/// that connect to us, and web seeds. It knows nothing of the DHT.
[[nodiscard]] libtorrent::ip_filter only(const OnLink& on_link);

/// Web seeds are those that the owner named. By itself libtorrent follows a redirect of one to
/// any other host and asks for its name: a server on the link could send us anywhere.
/// Threads: allow() from the owner's, the rest from libtorrent's.
class GivenWebSeeds;
[[nodiscard]] std::shared_ptr<GivenWebSeeds> make_given_web_seeds();
void allow(GivenWebSeeds& given, const std::string& url);
[[nodiscard]] std::shared_ptr<libtorrent::torrent_plugin> make_given_web_seeds_plugin(
    std::shared_ptr<GivenWebSeeds> given, const libtorrent::torrent_handle& torrent);

/// For a torrent that only takes: what a peer asks for stays unanswered, be it a piece or the info
/// dictionary. Choking alone is not enough: some pieces may be asked for while choked (BEP 6).
[[nodiscard]] std::shared_ptr<libtorrent::torrent_plugin> make_take_only_plugin();

/// libtorrent opens a TCP listener beside each UDP socket, with no option against it; one that
/// accepts nobody is shut here, so that a stranger's connection is refused as on a closed port.
void stop_listening(const std::vector<Endpoint>& endpoints);

}  // namespace phase::dht
