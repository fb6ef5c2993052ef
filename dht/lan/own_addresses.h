// dht/lan/own_addresses.h
// The addresses of this host that are told to its link, and word of their changes. Left out:
// loopback, point-to-point links, fe80::, and IPv6 addresses made of the MAC (EUI-64).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "proto/fd.h"

namespace phase::dht::lan {

inline constexpr std::size_t kMaxOwnAddresses = 16;

struct OwnAddress {
  std::uint32_t interface = 0;
  bool v6 = false;
  std::array<std::uint8_t, 16> bytes{};  ///< IPv4 in the first four.
  auto operator<=>(const OwnAddress&) const = default;
};

/// May be told to strangers: pure, of address bytes alone.
[[nodiscard]] bool may_be_told(const OwnAddress& address);
/// As the kernel says now, sorted, at most kMaxOwnAddresses.
[[nodiscard]] std::vector<OwnAddress> own_addresses();

/// Readable whenever an address came or went.
[[nodiscard]] Fd watch_addresses();
/// Reads away what watch_addresses() has.
void drain(const Fd& watch);

}  // namespace phase::dht::lan
