#include "dht/lan/own_addresses.h"

#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

namespace phase::dht::lan {
namespace {

std::optional<OwnAddress> address_of(const ifaddrs& entry) {
  if (entry.ifa_addr == nullptr || (entry.ifa_flags & IFF_UP) == 0) return std::nullopt;
  if ((entry.ifa_flags & (IFF_LOOPBACK | IFF_POINTOPOINT)) != 0) return std::nullopt;
  OwnAddress out;
  out.interface = if_nametoindex(entry.ifa_name);
  if (entry.ifa_addr->sa_family == AF_INET) {
    sockaddr_in address;
    std::memcpy(&address, entry.ifa_addr, sizeof address);
    std::memcpy(out.bytes.data(), &address.sin_addr, 4);
  } else if (entry.ifa_addr->sa_family == AF_INET6) {
    sockaddr_in6 address;
    std::memcpy(&address, entry.ifa_addr, sizeof address);
    std::memcpy(out.bytes.data(), &address.sin6_addr, 16);
    out.v6 = true;
  } else {
    return std::nullopt;
  }
  if (out.interface == 0 || !may_be_told(out)) return std::nullopt;
  return out;
}

}  // namespace

bool may_be_told(const OwnAddress& address) {
  const auto& bytes = address.bytes;
  if (!address.v6) return bytes[0] != 0 && bytes[0] != 127 && bytes[0] < 224;
  const bool link_local = bytes[0] == 0xFE && (bytes[1] & 0xC0) == 0x80;
  const bool eui64 = bytes[11] == 0xFF && bytes[12] == 0xFE;  // RFC 4291, appendix A.
  const bool special = bytes[0] == 0 || bytes[0] == 0xFF;     // ::, ::1, mapped; multicast.
  return !link_local && !eui64 && !special;
}

std::vector<OwnAddress> own_addresses() {
  std::vector<OwnAddress> out;
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return out;
  for (const ifaddrs* entry = all; entry != nullptr; entry = entry->ifa_next) {
    if (const auto address = address_of(*entry)) out.push_back(*address);
  }
  freeifaddrs(all);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  if (out.size() > kMaxOwnAddresses) out.resize(kMaxOwnAddresses);
  return out;
}

Fd watch_addresses() {
  Fd out(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  sockaddr_nl local{};
  local.nl_family = AF_NETLINK;
  local.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_LINK;
  if (!out.valid() ||
      bind(out.get(), reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0) {
    return {};
  }
  return out;
}

void drain(const Fd& watch) {
  char bytes[8192];
  while (recv(watch.get(), bytes, sizeof bytes, MSG_DONTWAIT) >= 0 || errno == ENOBUFS) {
  }
}

}  // namespace phase::dht::lan
