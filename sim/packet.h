// sim/packet.h
// What a captured Ethernet frame says, as far as tests and a listing for people need it. Reads
// headers only; what does not decode is left empty and called "unknown", never an error.
// Pure. Frames are untrusted: every length in them is checked against the bytes that there are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/bytes.h"

namespace phase::sim {

struct Packet {
  double time = 0;              ///< Seconds since 1970.
  Bytes bytes;                  ///< The whole frame.

  std::string source_mac, destination_mac;  ///< "52:54:00:77:00:01"
  std::uint16_t ether_type = 0;             ///< 0x0800: IPv4, 0x0806: ARP, 0x86dd: IPv6.
  std::string source, destination;          ///< IP literals; ARP: sender and target.
  std::uint8_t hop_limit = 0;               ///< IPv4: TTL.
  std::uint8_t protocol = 0;                ///< IP's, behind IPv6 extension headers; 6: TCP.
  bool later_fragment = false;              ///< Has no ports: the first fragment has them.
  std::uint16_t source_port = 0, destination_port = 0;
  /// Of `bytes`: behind the last header that was decoded, without Ethernet's padding.
  std::size_t payload_begin = 0, payload_end = 0;

  [[nodiscard]] ByteView payload() const;
  /// Anywhere in the frame.
  [[nodiscard]] bool contains(ByteView wanted) const;
  /// Anywhere behind the Ethernet header.
  [[nodiscard]] bool contains_behind_ethernet(ByteView wanted) const;
  /// For people and for counting: "ARP request", "DHCP discover", "ICMPv6 neighbour solicitation",
  /// "mDNS", "TCP" …; "unknown …" for what nobody thought of.
  [[nodiscard]] std::string kind() const;
  /// One line: kind, addresses and ports, payload's length.
  [[nodiscard]] std::string text() const;
};

[[nodiscard]] Packet decode_packet(double time, Bytes frame);

/// kind() of each, counted, most frequent first: "ARP request 3, TCP 2".
[[nodiscard]] std::string count_kinds(const std::vector<Packet>& packets);

}  // namespace phase::sim
