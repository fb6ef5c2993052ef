#include "boot/machine/dhcp_lease.h"

#include <arpa/inet.h>

#include <cstring>

namespace phase::boot {
namespace {

constexpr std::uint16_t kMinMtu = 576;  // RFC 791: what every host must take.
constexpr std::uint16_t kMaxMtu = 9216;
constexpr std::uint32_t kMinLeaseSeconds = 60;
constexpr std::size_t kMaxAddressText = 15;

std::uint32_t number(const std::array<std::uint8_t, 4>& address) {
  return std::uint32_t{address[0]} << 24 | std::uint32_t{address[1]} << 16 |
         std::uint32_t{address[2]} << 8 | address[3];
}

// Not "this network", loopback, multicast, reserved.
bool unicast(const std::array<std::uint8_t, 4>& address) {
  return address[0] != 0 && address[0] != 127 && address[0] < 224;
}

// From `text` up to `end`, of a kind that inet_pton takes and nothing else.
bool parse_address(const char* text, std::size_t size, std::array<std::uint8_t, 4>& out) {
  char copy[kMaxAddressText + 1] = {};
  if (size == 0 || size > kMaxAddressText) return false;
  std::memcpy(copy, text, size);
  return inet_pton(AF_INET, copy, out.data()) == 1;
}

bool parse_number(const char* text, std::uint32_t& out) {
  std::uint64_t value = 0;
  std::size_t digits = 0;
  for (; text[digits] != '\0'; ++digits) {
    if (text[digits] < '0' || text[digits] > '9' || digits == 10) return false;
    value = value * 10 + static_cast<std::uint64_t>(text[digits] - '0');
  }
  if (digits == 0 || value > UINT32_MAX) return false;
  out = static_cast<std::uint32_t>(value);
  return true;
}

bool parse_mask(const char* text, std::uint8_t& prefix) {
  std::array<std::uint8_t, 4> mask{};
  if (!parse_address(text, strnlen(text, kMaxAddressText + 1), mask)) return false;
  const std::uint32_t inverse = ~number(mask);
  if ((inverse & (inverse + 1)) != 0) return false;
  prefix = static_cast<std::uint8_t>(32 - __builtin_popcount(inverse));
  return true;
}

// The next word of `list`, words being parted by one space; its size, 0 at the end.
std::size_t word_size(const char* list) {
  std::size_t size = 0;
  while (list[size] != '\0' && list[size] != ' ' && size <= kMaxAddressText) ++size;
  return size;
}

void take_dns(const char* list, DhcpLease& lease) {
  while (lease.dns_count < DhcpLease::kMaxServers) {
    const std::size_t size = word_size(list);
    std::array<std::uint8_t, 4> server{};
    if (!parse_address(list, size, server) || !unicast(server)) return;
    lease.dns[lease.dns_count++] = server;
    if (list[size] != ' ') return;
    list += size + 1;
  }
}

}  // namespace

const char* lease_defect(const DhcpLease& lease) {
  if (lease.magic != DhcpLease::kMagic) return "it is no lease record";
  if (!unicast(lease.address)) return "the address is no unicast address";
  if (lease.prefix < 1 || lease.prefix > 32) return "the netmask is out of range";
  if (lease.prefix < 31) {  // RFC 3021: in a /31 both addresses are hosts.
    const std::uint32_t host = UINT32_MAX >> lease.prefix;
    const std::uint32_t bits = number(lease.address) & host;
    if (bits == 0 || bits == host) return "the address is the network's or its broadcast address";
  }
  if (number(lease.router) != 0 && !unicast(lease.router)) return "the router is no unicast address";
  if (lease.router == lease.address) return "the router has the address that was leased";
  if (lease.mtu != 0 && (lease.mtu < kMinMtu || lease.mtu > kMaxMtu)) {
    return "the MTU is out of range";
  }
  if (lease.lease_seconds < kMinLeaseSeconds) return "the lease is shorter than 60 s";
  if (lease.dns_count > DhcpLease::kMaxServers) return "too many DNS servers";
  for (std::size_t i = 0; i < DhcpLease::kMaxServers; ++i) {
    const bool used = i < lease.dns_count;
    if (used ? !unicast(lease.dns[i]) : number(lease.dns[i]) != 0) {
      return "a DNS server is no unicast address";
    }
  }
  return nullptr;
}

const char* lease_from_environment(const LeaseEnvironment& from, DhcpLease& lease) {
  lease = DhcpLease{};
  if (from.ip == nullptr || from.subnet == nullptr) return "address or netmask is missing";
  if (!parse_address(from.ip, strnlen(from.ip, kMaxAddressText + 1), lease.address)) {
    return "the address is none";
  }
  if (!parse_mask(from.subnet, lease.prefix)) return "the netmask is none";
  if (from.router != nullptr && !parse_address(from.router, word_size(from.router), lease.router)) {
    return "the router is none";
  }
  if (from.lease == nullptr || !parse_number(from.lease, lease.lease_seconds)) {
    return "the lease time is none";
  }
  if (from.dns != nullptr) take_dns(from.dns, lease);
  std::uint32_t mtu = 0;
  if (from.mtu != nullptr && parse_number(from.mtu, mtu) && mtu >= kMinMtu && mtu <= kMaxMtu) {
    lease.mtu = static_cast<std::uint16_t>(mtu);
  }
  return lease_defect(lease);
}

}  // namespace phase::boot
