// sim/hostile/mdns.h
// Multicast DNS datagrams (RFC 6762) as somebody hostile makes them: any name, any record. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace phase::sim {

/// A resource record (RFC 1035 3.2.1) of class IN.
struct DnsRecord {
  std::string name;  ///< Dotted.
  unsigned type = 0;
  std::uint32_t ttl = 120;
  std::string data;
  bool flush = false;  ///< Takes the place of what was said before (RFC 6762 10.2).
};
inline constexpr unsigned kDnsA = 1;
inline constexpr unsigned kDnsCname = 5;
inline constexpr unsigned kDnsPtr = 12;
inline constexpr unsigned kDnsTxt = 16;
inline constexpr unsigned kDnsSrv = 33;

[[nodiscard]] std::string wire_name(const std::string& dotted);
/// An answer with these records.
[[nodiscard]] std::string dns_answer(const std::vector<DnsRecord>& records);

/// All that makes a node of docs/LAN.md known: PTR, SRV, TXT and an address.
struct ForgedNode {
  std::string instance;  ///< Without dots; its host has the same name.
  std::string address;   ///< Four bytes, as in an A record.
  std::uint16_t port = 0;
  std::vector<std::string> txt;
  std::uint32_t ttl = 4500;
};
[[nodiscard]] std::string forged_node(const ForgedNode& node);

}  // namespace phase::sim
