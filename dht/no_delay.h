// dht/no_delay.h
// Has the kernel send what libtorrent has written without waiting for more (TCP_NODELAY), which
// libtorrent 2.0.8 never asks for: Nagle's algorithm holds the last part of each block back until the
// part before it is acknowledged, and a receiver who waits for that block before it asks for more
// acknowledges 40 ms later. On a line of 1 Gbit/s half of the time went by so, and a release of 1 MiB
// took 0.3 s instead of 0.02.
//
// A libtorrent plugin, for each torrent. Threads: libtorrent's, once it is made.
#pragma once

#include <libtorrent/fwd.hpp>
#include <memory>

namespace phase::dht {

[[nodiscard]] std::shared_ptr<libtorrent::torrent_plugin> make_no_delay_plugin();

}  // namespace phase::dht
