// dht/listen.cc
#include "dht/listen.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

namespace phase::dht {
namespace {

std::optional<Endpoint> from_sockaddr(const sockaddr* address, std::uint16_t port) {
  Endpoint out;
  out.port = port;
  if (address == nullptr) return std::nullopt;
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    std::memcpy(out.address.data(), &v4.sin_addr, 4);
    return out;
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    // A link-local address means nothing without its interface, and no peer could be told it.
    if (IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr)) return std::nullopt;
    std::memcpy(out.address.data(), &v6.sin6_addr, 16);
    out.v6 = true;
    return out;
  }
  return std::nullopt;
}

socklen_t to_sockaddr(const Endpoint& endpoint, sockaddr_storage& out) {
  out = {};
  if (endpoint.v6) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    std::memcpy(&v6.sin6_addr, endpoint.address.data(), 16);
    std::memcpy(&out, &v6, sizeof v6);
    return sizeof v6;
  }
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(endpoint.port);
  std::memcpy(&v4.sin_addr, endpoint.address.data(), 4);
  std::memcpy(&out, &v4, sizeof v4);
  return sizeof v4;
}

/// A socket bound to `endpoint`, -1 with errno where that fails.
int bind_socket(const Endpoint& endpoint, int type) {
  const int fd = ::socket(endpoint.v6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  sockaddr_storage address;
  const socklen_t size = to_sockaddr(endpoint, address);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0) return fd;
  const int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

std::uint16_t bound_port(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  const auto found = from_sockaddr(reinterpret_cast<sockaddr*>(&address), 0);
  if (!found) return 0;
  // sin_port and sin6_port lie at the same place.
  sockaddr_in v4{};
  std::memcpy(&v4, &address, sizeof v4);
  return ntohs(v4.sin_port);
}

/// A port that is free for TCP and UDP on all of `endpoints`; 0 where none was found. It is free
/// again when this returns, so that somebody else could take it: libtorrent then says so.
std::uint16_t free_port(std::vector<Endpoint> endpoints) {
  constexpr int kAttempts = 20;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::vector<int> held;
    std::uint16_t port = 0;
    bool free = true;
    for (auto& endpoint : endpoints) {
      for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
        endpoint.port = port;
        const int fd = bind_socket(endpoint, type);
        // An address may be gone or not yet usable; only a taken port rules the port out.
        if (fd < 0) {
          free = free && errno != EADDRINUSE;
          continue;
        }
        held.push_back(fd);
        if (port == 0) port = bound_port(fd);
      }
    }
    for (const int fd : held) ::close(fd);
    if (free) return port;
  }
  return 0;
}

}  // namespace

std::vector<Endpoint> interface_addresses(std::uint16_t port) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
  std::vector<Endpoint> real;
  std::vector<Endpoint> loopback;
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    if ((at->ifa_flags & IFF_UP) == 0) continue;
    const auto endpoint = from_sockaddr(at->ifa_addr, port);
    if (!endpoint) continue;
    auto& into = (at->ifa_flags & IFF_LOOPBACK) != 0 ? loopback : real;
    if (std::find(into.begin(), into.end(), *endpoint) == into.end()) into.push_back(*endpoint);
  }
  return real.empty() ? loopback : real;
}

Result<std::vector<Endpoint>> listen_endpoints(const SessionOptions& options) {
  auto endpoints = options.listen.empty() ? interface_addresses(options.port) : options.listen;
  if (endpoints.empty()) {
    return {ErrorCode::kNoInterface, "no network interface that is up has an address"};
  }
  const auto portless = [](const Endpoint& endpoint) { return endpoint.port == 0; };
  if (std::none_of(endpoints.begin(), endpoints.end(), portless)) return endpoints;
  std::vector<Endpoint> open;
  std::copy_if(endpoints.begin(), endpoints.end(), std::back_inserter(open), portless);
  const std::uint16_t port = options.port != 0 ? options.port : free_port(open);
  if (port == 0) return {ErrorCode::kPortInUse, "no port is free on all addresses"};
  for (auto& endpoint : endpoints) {
    if (portless(endpoint)) endpoint.port = port;
  }
  return endpoints;
}

}  // namespace phase::dht
