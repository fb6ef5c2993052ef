// dht/ut_pex.h
// Peers that a peer names (BEP 11, ut_pex), written and read. What is read is untrusted. Pure:
// libtorrent's connections stay with the owner. Only for dht/*.cc.
#pragma once

#include <cstdint>
#include <libtorrent/fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "proto/bytes.h"
#include "proto/endpoint.h"

namespace phase::dht {

/// BEP 11: of one message. What a peer names beyond it is passed over.
inline constexpr std::size_t kMaxPexPeers = 50;

/// What a peer's extension handshake (BEP 10) says: its number for ut_pex messages, and the port at
/// which it can be connected, which only the one that connects has to say.
struct PexOffer {
  std::uint8_t number = 0;
  std::uint16_t port = 0;  ///< 0: none is named.
};
/// Empty where it takes no such messages.
[[nodiscard]] std::optional<PexOffer> pex_offer(const libtorrent::bdecode_node& handshake);

/// The message that names `added`, its length in front. `added`: at most kMaxPexPeers.
[[nodiscard]] std::string pex_message(std::uint8_t number, const std::vector<Endpoint>& added);

/// The peers that a message adds; none at port 0. Of what is no such message: none.
[[nodiscard]] std::vector<Endpoint> pex_peers(ByteView message);

}  // namespace phase::dht
