#include "sim/packet.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

namespace phase::sim {
namespace {

constexpr std::size_t kEthernetHeader = 14;
constexpr std::uint16_t kIpv4 = 0x0800, kArp = 0x0806, kIpv6 = 0x86dd;
constexpr std::uint8_t kIcmp = 1, kIgmp = 2, kTcp = 6, kUdp = 17, kIcmpv6 = 58;
constexpr std::size_t kDhcpOptions = 240;  // RFC 2131: fixed fields and the magic cookie.

std::uint16_t number16(ByteView bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

std::string mac_text(ByteView mac) {
  std::string text;
  for (const auto byte : mac) {
    const std::array<std::uint8_t, 1> one{byte};
    text += (text.empty() ? "" : ":") + to_hex(one);
  }
  return text;
}

std::string ip_text(int family, ByteView address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  return ::inet_ntop(family, address.data(), text.data(), text.size()) != nullptr ? text.data() : "";
}

void decode_arp(Packet& packet, ByteView arp) {
  if (arp.size() < 28) return;
  packet.source = ip_text(AF_INET, arp.subspan(14, 4));
  packet.destination = ip_text(AF_INET, arp.subspan(24, 4));
}

void decode_ports(Packet& packet) {
  const ByteView rest = packet.payload();
  std::size_t header = 0;
  if (packet.later_fragment) return;
  if (packet.protocol == kUdp && rest.size() >= 8) header = 8;
  if (packet.protocol == kTcp && rest.size() >= 20) header = std::size_t{rest[12]} / 16 * 4;
  if (header < 8 || header > rest.size()) return;
  packet.source_port = number16(rest, 0);
  packet.destination_port = number16(rest, 2);
  packet.payload_begin += header;
}

void decode_ipv4(Packet& packet, ByteView ip) {
  if (ip.size() < 20) return;
  const std::size_t header = std::size_t{ip[0]} % 16 * 4;
  const std::size_t total = number16(ip, 2);
  if (ip[0] / 16 != 4 || header < 20 || header > ip.size() || total < header || total > ip.size()) {
    return;
  }
  packet.hop_limit = ip[8];
  packet.protocol = ip[9];
  packet.later_fragment = (number16(ip, 6) & 0x1fff) != 0;
  packet.source = ip_text(AF_INET, ip.subspan(12, 4));
  packet.destination = ip_text(AF_INET, ip.subspan(16, 4));
  packet.payload_begin = kEthernetHeader + header;
  packet.payload_end = kEthernetHeader + total;
  decode_ports(packet);
}

/// Hop-by-hop options, routing, destination options and fragment headers (RFC 8200 4.1).
bool is_extension(std::uint8_t next) { return next == 0 || next == 43 || next == 44 || next == 60; }

void decode_ipv6(Packet& packet, ByteView ip) {
  constexpr std::size_t kHeader = 40;
  if (ip.size() < kHeader || ip[0] / 16 != 6) return;
  const std::size_t total = kHeader + number16(ip, 4);
  if (total > ip.size()) return;
  packet.hop_limit = ip[7];
  packet.source = ip_text(AF_INET6, ip.subspan(8, 16));
  packet.destination = ip_text(AF_INET6, ip.subspan(24, 16));
  std::uint8_t next = ip[6];
  std::size_t at = kHeader;
  while (is_extension(next) && !packet.later_fragment && at + 8 <= total) {
    const std::size_t length = next == 44 ? 8 : (std::size_t{ip[at + 1]} + 1) * 8;
    if (at + length > total) break;
    if (next == 44) packet.later_fragment = number16(ip, at + 2) / 8 != 0;
    next = ip[at];
    at += length;
  }
  packet.protocol = next;
  packet.payload_begin = kEthernetHeader + at;
  packet.payload_end = kEthernetHeader + total;
  decode_ports(packet);
}

using Names = std::map<std::uint8_t, const char*>;

std::string named(const char* what, const Names& names, std::optional<std::uint8_t> type) {
  if (!type) return std::string("unknown ") + what + ", cut";
  const auto found = names.find(*type);
  if (found == names.end()) return std::string("unknown ") + what + " " + std::to_string(*type);
  return std::string(what) + " " + found->second;
}

std::optional<std::uint8_t> byte_at(ByteView bytes, std::size_t at) {
  if (at >= bytes.size()) return std::nullopt;
  return bytes[at];
}

/// The value of option 53 (RFC 2132 9.6).
std::optional<std::uint8_t> dhcp_type(ByteView message) {
  for (std::size_t at = kDhcpOptions; at + 2 < message.size();) {
    if (message[at] == 53) return message[at + 2];
    if (message[at] == 255) break;
    at += message[at] == 0 ? 1 : std::size_t{2} + message[at + 1];
  }
  return std::nullopt;
}

std::string kind_of_udp(const Packet& packet) {
  static const Names kDhcp = {{1, "discover"}, {2, "offer"},   {3, "request"}, {4, "decline"},
                              {5, "ack"},      {6, "nak"},     {7, "release"}, {8, "inform"}};
  const auto either = [&packet](std::uint16_t port) {
    return packet.source_port == port || packet.destination_port == port;
  };
  if (either(67) || either(68)) return named("DHCP", kDhcp, dhcp_type(packet.payload()));
  if (either(546) || either(547)) return "DHCPv6";
  if (either(5353)) return "mDNS";
  if (either(53)) return "DNS";
  return "UDP";
}

std::string kind_of_ip(const Packet& packet) {
  static const Names kIcmpv6Types = {
      {1, "unreachable"},           {2, "packet too big"},         {3, "time exceeded"},
      {128, "echo request"},        {129, "echo reply"},           {130, "MLD query"},
      {131, "MLD report"},          {132, "MLD done"},             {133, "router solicitation"},
      {134, "router advertisement"}, {135, "neighbour solicitation"},
      {136, "neighbour advertisement"}, {137, "redirect"},         {143, "MLDv2 report"}};
  static const Names kIcmpTypes = {{0, "echo reply"}, {3, "unreachable"}, {5, "redirect"},
                                   {8, "echo request"}, {11, "time exceeded"}};
  static const Names kIgmpTypes = {{0x11, "query"}, {0x12, "v1 report"}, {0x16, "v2 report"},
                                   {0x17, "leave"}, {0x22, "v3 report"}};
  if (packet.later_fragment) return "IP fragment";
  switch (packet.protocol) {
    case kIcmp: return named("ICMP", kIcmpTypes, byte_at(packet.payload(), 0));
    case kIgmp: return named("IGMP", kIgmpTypes, byte_at(packet.payload(), 0));
    case kIcmpv6: return named("ICMPv6", kIcmpv6Types, byte_at(packet.payload(), 0));
    case kTcp: return "TCP";
    case kUdp: return kind_of_udp(packet);
    default: return "unknown IP protocol " + std::to_string(packet.protocol);
  }
}

bool found_in(ByteView where, ByteView wanted) {
  return std::search(where.begin(), where.end(), wanted.begin(), wanted.end()) != where.end();
}

}  // namespace

ByteView Packet::payload() const {
  return ByteView(bytes).subspan(payload_begin, payload_end - payload_begin);
}

bool Packet::contains(ByteView wanted) const { return found_in(bytes, wanted); }

bool Packet::contains_behind_ethernet(ByteView wanted) const {
  return bytes.size() > kEthernetHeader &&
         found_in(ByteView(bytes).subspan(kEthernetHeader), wanted);
}

std::string Packet::kind() const {
  if (ether_type == kArp) {
    static const Names kOperations = {{1, "request"}, {2, "reply"}};
    return named("ARP", kOperations, byte_at(bytes, kEthernetHeader + 7));
  }
  if ((ether_type == kIpv4 || ether_type == kIpv6) && !source.empty()) return kind_of_ip(*this);
  return "unknown ether type " + std::to_string(ether_type);
}

std::string Packet::text() const {
  const auto end = [](const std::string& address, std::uint16_t port) {
    return port == 0 ? address : address + " port " + std::to_string(port);
  };
  return kind() + " " + end(source.empty() ? source_mac : source, source_port) + " > " +
         end(destination.empty() ? destination_mac : destination, destination_port) + ", " +
         std::to_string(payload().size()) + " bytes";
}

Packet decode_packet(double time, Bytes frame) {
  Packet packet;
  packet.time = time;
  packet.bytes = std::move(frame);
  packet.payload_begin = packet.payload_end = packet.bytes.size();
  if (packet.bytes.size() < kEthernetHeader) return packet;
  const ByteView bytes(packet.bytes);
  packet.destination_mac = mac_text(bytes.first(6));
  packet.source_mac = mac_text(bytes.subspan(6, 6));
  packet.ether_type = number16(bytes, 12);
  packet.payload_begin = kEthernetHeader;
  const ByteView rest = bytes.subspan(kEthernetHeader);
  if (packet.ether_type == kArp) decode_arp(packet, rest);
  if (packet.ether_type == kIpv4) decode_ipv4(packet, rest);
  if (packet.ether_type == kIpv6) decode_ipv6(packet, rest);
  return packet;
}

std::string count_kinds(const std::vector<Packet>& packets) {
  std::map<std::string, std::size_t> counts;
  for (const auto& packet : packets) ++counts[packet.kind()];
  std::vector<std::pair<std::size_t, std::string>> order;
  for (const auto& [kind, count] : counts) order.emplace_back(count, kind);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string text;
  for (const auto& [count, kind] : order) {
    text += (text.empty() ? "" : ", ") + kind + " " + std::to_string(count);
  }
  return text;
}

}  // namespace phase::sim
