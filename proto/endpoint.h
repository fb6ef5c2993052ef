// proto/endpoint.h
// An address and port, IPv4 or IPv6, as text "1.2.3.4:80" or "[::1]:80" and in BEP 5 / BEP 7
// compact form (6 or 18 bytes).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/bytes.h"

namespace phase {

struct Endpoint {
  std::array<std::uint8_t, 16> address{};  ///< IPv4 in the first four bytes.
  bool v6 = false;
  std::uint16_t port = 0;
  auto operator<=>(const Endpoint&) const = default;

  [[nodiscard]] std::string host() const;  ///< Without port and brackets.
  [[nodiscard]] std::string text() const;
  /// RFC 1918, RFC 6598, loopback, link-local, unique-local.
  [[nodiscard]] bool is_private() const;
  /// 127.0.0.0/8, ::1, and the former as a v4-mapped IPv6 address.
  [[nodiscard]] bool is_loopback() const;
  /// 4 or 16 bytes of address, 2 of port, both in network order.
  [[nodiscard]] Bytes compact() const;
};

/// Literals only; no name is resolved.
[[nodiscard]] std::optional<Endpoint> parse_endpoint(std::string_view text);
[[nodiscard]] std::optional<Endpoint> parse_address(std::string_view host, std::uint16_t port);
/// Exactly 6 or 18 bytes.
[[nodiscard]] std::optional<Endpoint> parse_compact(ByteView bytes);

}  // namespace phase
