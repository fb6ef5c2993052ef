// sim/hostile/dhcp_options.h
// What a hostile DHCP server (RFC 2131, 2132) answers: a message with the options that a client
// asks for, most of them lies drawn by chance. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "proto/bytes.h"
#include "sim/hostile/tally.h"

namespace phase::sim {

using Ipv4Bytes = std::array<std::uint8_t, 4>;

struct DhcpRequest {
  std::uint8_t kind = 0;  ///< 1: DISCOVER, 3: REQUEST.
  Bytes header;           ///< The fixed part, to be answered in kind.
};
[[nodiscard]] std::optional<DhcpRequest> read_dhcp(ByteView datagram);

struct DhcpLies {
  Ipv4Bytes server{}, leased{};
  /// Address, mask, router and lease time are true, so that a lease comes of it; else those lie too.
  bool lease_is_true = true;
  std::string command;  ///< What every string tries to have run.
};
/// The answer's bytes; `kinds` gets the names of the lies in it, parted by commas.
[[nodiscard]] Bytes write_dhcp_lie(const DhcpRequest& request, const DhcpLies& lies,
                                   Chance& chance, std::string& kinds);

}  // namespace phase::sim
