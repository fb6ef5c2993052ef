#include "boot/machine/ip_option.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "proto/bytes.h"

namespace phase::boot {
namespace {

constexpr std::size_t kMaxIpText = 256;
constexpr std::size_t kMaxDeviceName = 15;  // IFNAMSIZ less NUL.

Error usage(std::string detail) { return {ErrorCode::kUsage, std::move(detail)}; }

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::optional<Ipv4> parse_ipv4(std::string_view text) {
  Ipv4 out{};
  if (text.size() > 15 || inet_pton(AF_INET, std::string(text).c_str(), out.data()) != 1) {
    return std::nullopt;
  }
  return out;
}

std::optional<std::uint8_t> prefix_of(const Ipv4& mask) {
  const std::uint32_t bits = std::uint32_t{mask[0]} << 24 | std::uint32_t{mask[1]} << 16 |
                             std::uint32_t{mask[2]} << 8 | mask[3];
  const std::uint32_t inverse = ~bits;
  if (bits == 0 || (inverse & (inverse + 1)) != 0) return std::nullopt;
  return static_cast<std::uint8_t>(__builtin_popcount(bits));
}

// net/ipv4/ipconfig.c guesses the same way.
std::uint8_t class_prefix(const Ipv4& address) {
  if (address[0] < 128) return 8;
  return address[0] < 192 ? 16 : 24;
}

bool host_address(const Ipv4& address) {
  return address[0] != 0 && address[0] != 127 && address[0] < 224;
}

bool valid_device(std::string_view name) {
  if (name.size() > kMaxDeviceName || name == "." || name == "..") return false;
  for (const char c : name) {
    if (c <= ' ' || c > '~' || c == '/') return false;
  }
  return true;
}

// Not used here, but passed on to the next kernel with the rest of the value.
bool valid_host_name(std::string_view name) {
  constexpr std::string_view kOthers = "-._";
  return name.size() <= 64 && std::all_of(name.begin(), name.end(), [&](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  kOthers.find(c) != std::string_view::npos;
         });
}

std::optional<IpOption::Method> parse_method(std::string_view text) {
  if (text == "dhcp" || text == "on" || text == "any") return IpOption::Method::kDhcp;
  if (text == "off" || text == "none") return IpOption::Method::kOff;
  return std::nullopt;
}

Result<void> parse_static(const std::vector<std::string_view>& fields, IpOption& out) {
  const auto address = parse_ipv4(fields[0]);
  if (!address || !host_address(*address)) return usage("ip=: the client address cannot be used");
  out.method = IpOption::Method::kStatic;
  out.address = *address;
  out.prefix = class_prefix(*address);
  if (fields.size() > 3 && !fields[3].empty()) {
    const auto mask = parse_ipv4(fields[3]);
    const auto prefix = mask ? prefix_of(*mask) : std::nullopt;
    if (!prefix) return usage("ip=: the netmask is none");
    out.prefix = *prefix;
  }
  return {};
}

// ipconfig.c takes an empty field and 0.0.0.0 for "not given".
Result<Ipv4> optional_address(std::string_view text, const char* field) {
  if (text.empty()) return Ipv4{};
  const auto address = parse_ipv4(text);
  if (!address || (is_set(*address) && !host_address(*address))) {
    return usage(std::string("ip=: the ") + field + " address cannot be used");
  }
  return *address;
}

}  // namespace

bool is_set(const Ipv4& address) { return address != Ipv4{}; }

std::string ipv4_text(const Ipv4& address) {
  char text[INET_ADDRSTRLEN] = {};
  inet_ntop(AF_INET, address.data(), text, sizeof text);
  return text;
}

std::string mac_text(const MacAddress& mac) {
  char text[18];
  std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
                mac[4], mac[5]);
  return text;
}

Result<IpOption> parse_ip_option(std::string_view text) {
  if (text.size() > kMaxIpText) return usage("ip=: longer than 256 bytes");
  IpOption out;
  if (text.find(':') == std::string_view::npos) {
    const auto method = parse_method(text);
    if (!method && parse_ipv4(text)) {
      if (const auto done = parse_static({text}, out); !done) return done.error();
      return out;
    }
    if (!method) return usage("ip=: expected dhcp, off or client:server:gw:mask:host:dev:autoconf");
    out.method = *method;
    return out;
  }
  const auto fields = split(text, ':');
  if (fields.size() > 10) return usage("ip=: more than ten fields");
  const auto field = [&](std::size_t index) {
    return index < fields.size() ? fields[index] : std::string_view{};
  };
  if (!valid_host_name(field(4))) return usage("ip=: the host name cannot be used");
  for (const std::size_t index : {1U, 9U}) {
    if (const auto server = optional_address(field(index), "server's"); !server) {
      return server.error();
    }
  }
  if (!valid_device(field(5))) return usage("ip=: the device name cannot be used");
  out.device = std::string(field(5));
  if (!field(6).empty()) {
    const auto method = parse_method(field(6));
    if (!method) return usage("ip=: autoconf must be dhcp, on, any, off or none");
    out.method = *method;
  }
  if (!field(0).empty() && field(0) != "0.0.0.0") {
    if (const auto done = parse_static(fields, out); !done) return done.error();
  }
  const auto gateway = optional_address(field(2), "gateway");
  if (!gateway) return gateway.error();
  out.gateway = *gateway;
  for (const std::size_t index : {7U, 8U}) {
    const auto dns = optional_address(field(index), "DNS server's");
    if (!dns) return dns.error();
    if (is_set(*dns)) out.dns.push_back(*dns);
  }
  return out;
}

Result<MacAddress> parse_boot_interface(std::string_view text) {
  const char separator = text.find('-') != std::string_view::npos ? '-' : ':';
  auto parts = split(text.substr(0, 64), separator);
  if (parts.size() == 7 && parts[0] == "01") parts.erase(parts.begin());
  if (parts.size() != 6) return usage("BOOTIF=: expected six hexadecimal pairs");
  MacAddress out{};
  for (std::size_t i = 0; i < 6; ++i) {
    const auto byte = parts[i].size() == 2 ? from_hex(parts[i]) : std::nullopt;
    if (!byte) return usage("BOOTIF=: expected six hexadecimal pairs");
    out[i] = (*byte)[0];
  }
  // Also tells "01-52-…" with a pair missing from an address.
  if ((out[0] & 1) != 0) return usage("BOOTIF=: a group address is no interface's");
  return out;
}

}  // namespace phase::boot
