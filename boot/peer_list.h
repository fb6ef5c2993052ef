// boot/peer_list.h
// Whom a provider names as peers of a release, at /peers/<infohash> (docs/HTTP.md). Pure.
#pragma once

#include <string_view>
#include <vector>

#include "proto/endpoint.h"

namespace phase::boot {

/// As many as one node of the DHT may name: nobody's answer takes all connections.
inline constexpr std::size_t kMaxNamedPeers = 16;

/// One ADDRESS:PORT a line, untrusted: what is none is passed over, and so is a peer named twice.
/// The first kMaxNamedPeers.
[[nodiscard]] std::vector<Endpoint> read_peer_list(std::string_view text);

}  // namespace phase::boot
