#include "dht/on_link.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

namespace phase::dht {
namespace {

constexpr std::size_t size_of(bool v6) {
  return v6 ? 16 : 4;
}

std::uint8_t count_bits(const std::uint8_t* mask, std::size_t bytes) {
  unsigned bits = 0;
  for (std::size_t i = 0; i < bytes; ++i) bits += static_cast<unsigned>(std::popcount(mask[i]));
  return static_cast<std::uint8_t>(bits);
}

std::optional<OnLinkNetwork> from_interface(const sockaddr* address, const sockaddr* mask) {
  if (address == nullptr || mask == nullptr) return std::nullopt;
  OnLinkNetwork out;
  if (address->sa_family == AF_INET) {
    sockaddr_in at{};
    sockaddr_in bits{};
    std::memcpy(&at, address, sizeof at);
    std::memcpy(&bits, mask, sizeof bits);
    std::memcpy(out.address.address.data(), &at.sin_addr, 4);
    out.prefix = count_bits(reinterpret_cast<const std::uint8_t*>(&bits.sin_addr), 4);
    return out;
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 at{};
    sockaddr_in6 bits{};
    std::memcpy(&at, address, sizeof at);
    std::memcpy(&bits, mask, sizeof bits);
    // It means nothing without its interface, which an Endpoint does not name.
    if (IN6_IS_ADDR_LINKLOCAL(&at.sin6_addr)) return std::nullopt;
    out.address.v6 = true;
    std::memcpy(out.address.address.data(), &at.sin6_addr, 16);
    out.prefix = count_bits(reinterpret_cast<const std::uint8_t*>(&bits.sin6_addr), 16);
    return out;
  }
  return std::nullopt;
}

/// Bits beyond the prefix, `fill` being what they are set to.
std::array<std::uint8_t, 16> edge(const OnLinkNetwork& network, bool fill) {
  auto out = network.address.address;
  for (std::size_t i = 0; i < size_of(network.address.v6); ++i) {
    const int kept = std::clamp(static_cast<int>(network.prefix) - static_cast<int>(i) * 8, 0, 8);
    const auto host = static_cast<std::uint8_t>(0xff >> kept);
    out[i] = static_cast<std::uint8_t>(fill ? out[i] | host : out[i] & ~host);
  }
  return out;
}

bool is_special(const Endpoint& at) {
  const auto& a = at.address;
  if (!at.v6)
    return a[0] == 0 || a[0] == 127 || a[0] >= 224;  // This host, loopback, multicast, 240/4.
  const bool zeros = std::all_of(a.begin(), a.end() - 1, [](std::uint8_t b) { return b == 0; });
  return a[0] == 0xff || (zeros && a[15] <= 1) || (a[0] == 0xfe && (a[1] & 0xc0) == 0x80);
}

bool holds(const OnLinkNetwork& network, const Endpoint& at) {
  if (network.address.v6 != at.v6) return false;
  const auto first = edge(network, false);
  const auto last = edge(network, true);
  if (at.address < first || at.address > last) return false;
  // RFC 3021: a /31 has neither a network's address nor a broadcast one.
  if (at.v6 || network.prefix >= 31) return true;
  return at.address != first && at.address != last;
}

}  // namespace

Result<OnLink> OnLink::now() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) {
    return {ErrorCode::kNetwork, std::string("list the interfaces: ") + std::strerror(errno)};
  }
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
  std::vector<OnLinkNetwork> networks;
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    if ((at->ifa_flags & IFF_UP) == 0) continue;
    if ((at->ifa_flags & (IFF_LOOPBACK | IFF_POINTOPOINT)) != 0) continue;
    if (const auto network = from_interface(at->ifa_addr, at->ifa_netmask)) {
      networks.push_back(*network);
    }
  }
  return OnLink(std::move(networks));
}

OnLink::OnLink(std::vector<OnLinkNetwork> networks) : networks_(std::move(networks)) {
  std::erase_if(networks_, [](const OnLinkNetwork& network) {
    return network.prefix == 0 || network.prefix > size_of(network.address.v6) * 8;
  });
}

bool OnLink::contains(const Endpoint& endpoint) const {
  if (is_special(endpoint)) return false;
  return std::any_of(networks_.begin(), networks_.end(), [&](const OnLinkNetwork& network) {
    return network.prefix < size_of(network.address.v6) * 8 && holds(network, endpoint);
  });
}

std::pair<Endpoint, Endpoint> OnLink::range(const OnLinkNetwork& network) {
  std::pair<Endpoint, Endpoint> out{network.address, network.address};
  out.first.address = edge(network, false);
  out.second.address = edge(network, true);
  out.first.port = out.second.port = 0;
  return out;
}

}  // namespace phase::dht
