// tests/bench/discovery_peer.h
// The same search by libtorrent's own lookups alone, used as well as its interface allows: the DHT
// is switched on once it listens, the first get is sent when the routing table has its first node,
// three salts are asked for at once and all of it again every 200 ms, and the saved nodes are given
// again while none has answered.
#pragma once

#include <chrono>

#include "tests/integration/far_dht.h"

namespace phase::bench {

[[nodiscard]] FarFound look_by_libtorrent(const FarDht& world, int run,
                                          std::chrono::milliseconds patience);

}  // namespace phase::bench
