#include "proto/endpoint.h"

#include <arpa/inet.h>

#include <algorithm>

namespace phase {
namespace {

/// Decimal, 0 to 65535, no sign, no leading zero.
std::optional<std::uint16_t> parse_port(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text.size() > 1 && text.front() == '0')) {
    return std::nullopt;
  }
  unsigned value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  if (value > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

bool private_v4(const std::uint8_t* a) {
  return a[0] == 10 || a[0] == 127 || (a[0] == 172 && (a[1] & 0xf0) == 16) ||
         (a[0] == 192 && a[1] == 168) || (a[0] == 169 && a[1] == 254) ||
         (a[0] == 100 && (a[1] & 0xc0) == 64);
}

constexpr std::array<std::uint8_t, 12> kMappedV4{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

std::string Endpoint::host() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(v6 ? AF_INET6 : AF_INET, address.data(), text.data(), text.size());
  return text.data();
}

std::string Endpoint::text() const {
  std::string out = v6 ? "[" : "";
  out.append(host()).append(v6 ? "]:" : ":").append(std::to_string(port));
  return out;
}

bool Endpoint::is_private() const {
  if (!v6) return private_v4(address.data());
  if (std::equal(kMappedV4.begin(), kMappedV4.end(), address.begin())) {
    return private_v4(address.data() + kMappedV4.size());
  }
  return is_loopback() || (address[0] & 0xfe) == 0xfc ||
         (address[0] == 0xfe && (address[1] & 0xc0) == 0x80);
}

bool Endpoint::is_loopback() const {
  if (!v6) return address[0] == 127;
  if (std::equal(kMappedV4.begin(), kMappedV4.end(), address.begin())) {
    return address[kMappedV4.size()] == 127;
  }
  std::array<std::uint8_t, 16> loopback{};
  loopback[15] = 1;
  return address == loopback;
}

Bytes Endpoint::compact() const {
  Bytes out(address.begin(), address.begin() + (v6 ? 16 : 4));
  out.push_back(static_cast<std::uint8_t>(port >> 8));
  out.push_back(static_cast<std::uint8_t>(port & 0xff));
  return out;
}

std::optional<Endpoint> parse_compact(ByteView bytes) {
  if (bytes.size() != 6 && bytes.size() != 18) return std::nullopt;
  Endpoint endpoint;
  endpoint.v6 = bytes.size() == 18;
  const ByteView host = bytes.first(bytes.size() - 2);
  std::copy(host.begin(), host.end(), endpoint.address.begin());
  const ByteView port = bytes.last(2);
  endpoint.port = static_cast<std::uint16_t>(port[0] << 8 | port[1]);
  return endpoint;
}

std::optional<Endpoint> parse_address(std::string_view host, std::uint16_t port) {
  if (host.empty() || host.size() >= INET6_ADDRSTRLEN) return std::nullopt;
  // inet_pton stops at a NUL; what follows one would be passed over.
  if (host.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string text(host);
  Endpoint endpoint;
  endpoint.port = port;
  if (::inet_pton(AF_INET, text.c_str(), endpoint.address.data()) == 1) return endpoint;
  endpoint.v6 = true;
  if (::inet_pton(AF_INET6, text.c_str(), endpoint.address.data()) == 1) return endpoint;
  return std::nullopt;
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_port(text.substr(colon + 1));
  std::string_view host = text.substr(0, colon);
  if (!port || host.empty()) return std::nullopt;
  const bool bracketed = host.front() == '[' && host.back() == ']' && host.size() > 2;
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto endpoint = parse_address(host, *port);
  // Without brackets the last group of an IPv6 address would be read as a port.
  if (!endpoint || endpoint->v6 != bracketed) return std::nullopt;
  return endpoint;
}

}  // namespace phase
