// dht/node_id.cc
#include "dht/node_id.h"

#include <algorithm>

namespace phase::dht {
namespace {

/// CRC-32C (Castagnoli), bit by bit: eight bytes at most.
std::uint32_t crc32c(ByteView bytes) {
  constexpr std::uint32_t kReversedPolynomial = 0x82f63b78;
  std::uint32_t crc = ~std::uint32_t{0};
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 1U) != 0 ? (crc >> 1U) ^ kReversedPolynomial : crc >> 1U;
    }
  }
  return ~crc;
}

constexpr std::array<std::uint8_t, 4> kMaskV4 = {0x03, 0x0f, 0x3f, 0xff};
constexpr std::array<std::uint8_t, 8> kMaskV6 = {0x01, 0x03, 0x07, 0x0f, 0x1f, 0x3f, 0x7f, 0xff};

}  // namespace

Sha1 distance(const Sha1& a, const Sha1& b) {
  Sha1 out{};
  std::transform(a.begin(), a.end(), b.begin(), out.begin(),
                 [](unsigned x, unsigned y) { return static_cast<std::uint8_t>(x ^ y); });
  return out;
}

bool id_fits_address(const Sha1& id, const Endpoint& at) {
  if (at.is_private()) return true;
  std::array<std::uint8_t, 8> masked{};
  const ByteView mask = at.v6 ? ByteView(kMaskV6) : ByteView(kMaskV4);
  std::transform(mask.begin(), mask.end(), at.address.begin(), masked.begin(),
                 [](unsigned x, unsigned y) { return static_cast<std::uint8_t>(x & y); });
  masked[0] = static_cast<std::uint8_t>(masked[0] | ((id[19] & 7U) << 5U));
  const std::uint32_t crc = crc32c(ByteView(masked).first(mask.size()));
  // The first 21 bits.
  return id[0] == (crc >> 24U) && id[1] == ((crc >> 16U) & 0xffU) &&
         (id[2] & 0xf8U) == ((crc >> 8U) & 0xf8U);
}

bool can_be_asked(const Endpoint& named, const Standpoint& standpoint) {
  if (named.port == 0) return false;
  const ByteView bytes = ByteView(named.address).first(named.v6 ? 16 : 4);
  const bool none = std::all_of(bytes.begin(), bytes.end(), [](auto byte) { return byte == 0; });
  // IPv4 multicast and all that is reserved behind it; IPv6 multicast.
  const bool many = named.v6 ? bytes[0] == 0xff : bytes[0] >= 224;
  if (none || many) return false;
  if (standpoint.public_network && named.is_private()) return false;
  const auto& own = standpoint.own;
  return std::find(own.begin(), own.end(), named) == own.end() &&
         std::any_of(own.begin(), own.end(), [&](const Endpoint& at) { return at.v6 == named.v6; });
}

}  // namespace phase::dht
