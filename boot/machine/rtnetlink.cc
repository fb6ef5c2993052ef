#include "boot/machine/rtnetlink.h"

#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace phase::boot {
namespace {

constexpr std::size_t kReplyBytes = 64 * 1024;

Error failed(const std::string& what, int error) {
  return {ErrorCode::kNetwork, what + ": " + std::strerror(error)};
}

Result<Fd> netlink_socket(int flags, std::uint32_t groups) {
  Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_ROUTE));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = groups;
  if (!fd.valid() ||
      bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return failed("netlink socket", errno);
  }
  return fd;
}

/// Calls `visit(type, payload, size)` for each attribute in [at, at + size).
template <class Visit>
void each_attribute(const char* at, std::size_t size, Visit visit) {
  rtattr head{};
  while (size >= sizeof head) {
    std::memcpy(&head, at, sizeof head);
    if (head.rta_len < sizeof head || head.rta_len > size) return;
    visit(head.rta_type & NLA_TYPE_MASK, at + sizeof head, head.rta_len - sizeof head);
    const std::size_t step = std::min<std::size_t>(RTA_ALIGN(head.rta_len), size);
    at += step;
    size -= step;
  }
}

/// Kinds that are a NIC as far as a boot goes; a physical one has none.
bool plain_kind(const std::string& kind) {
  return kind.empty() || kind == "veth" || kind == "macvlan";
}

Link parse_link(const char* payload, std::size_t size) {
  Link link;
  ifinfomsg info{};
  if (size < sizeof info) return link;
  std::memcpy(&info, payload, sizeof info);
  link.index = info.ifi_index;
  link.loopback = (info.ifi_flags & IFF_LOOPBACK) != 0;
  link.up = (info.ifi_flags & IFF_UP) != 0;
  link.carrier = link.up && (info.ifi_flags & IFF_LOWER_UP) != 0;
  std::string kind;
  const std::size_t head = NLMSG_ALIGN(sizeof info);
  if (size < head) return link;
  each_attribute(payload + head, size - head, [&](int type, const char* at, std::size_t length) {
    if (type == IFLA_IFNAME) link.name.assign(at, strnlen(at, length));
    if (type == IFLA_ADDRESS && length == link.mac.size()) std::memcpy(link.mac.data(), at, length);
    if (type == IFLA_MTU && length == sizeof link.mtu) std::memcpy(&link.mtu, at, length);
    if (type != IFLA_LINKINFO) return;
    each_attribute(at, length, [&](int inner, const char* text, std::size_t text_size) {
      if (inner == IFLA_INFO_KIND) kind.assign(text, strnlen(text, text_size));
    });
  });
  link.ethernet = info.ifi_type == ARPHRD_ETHER && plain_kind(kind);
  return link;
}

}  // namespace

struct Rtnetlink::Request {
  alignas(nlmsghdr) std::array<char, 512> bytes{};
  nlmsghdr header{};

  template <class Body>
  Request(std::uint16_t type, std::uint16_t flags, const Body& body) {
    header.nlmsg_type = type;
    header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
    header.nlmsg_len = NLMSG_LENGTH(sizeof body);
    std::memcpy(bytes.data() + NLMSG_HDRLEN, &body, sizeof body);
  }

  void attribute(std::uint16_t type, const void* value, std::size_t size) {
    const std::size_t at = NLMSG_ALIGN(header.nlmsg_len);
    const rtattr head{static_cast<std::uint16_t>(RTA_LENGTH(size)), type};
    check(at + head.rta_len <= bytes.size(), "netlink request too long");
    std::memcpy(bytes.data() + at, &head, sizeof head);
    std::memcpy(bytes.data() + at + sizeof head, value, size);
    header.nlmsg_len = static_cast<std::uint32_t>(at + head.rta_len);
  }
};

Result<Rtnetlink> Rtnetlink::open() {
  auto requests = netlink_socket(0, 0);
  if (!requests) return requests.error();
  auto events = netlink_socket(SOCK_NONBLOCK, RTMGRP_LINK);
  if (!events) return events.error();
  // The kernel always answers; the limit only turns a defect into an error.
  const timeval limit{5, 0};
  setsockopt(requests->get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  return Rtnetlink(std::move(*requests), std::move(*events));
}

Result<void> Rtnetlink::transact(Request& request, const char* what) {
  request.header.nlmsg_seq = ++sequence_;
  std::memcpy(request.bytes.data(), &request.header, sizeof request.header);
  if (send(requests_.get(), request.bytes.data(), request.header.nlmsg_len, 0) < 0) {
    return failed(what, errno);
  }
  std::vector<char> reply(kReplyBytes);
  while (true) {
    const auto got = recv(requests_.get(), reply.data(), reply.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(what, errno);
    nlmsghdr header{};
    nlmsgerr answer{};
    if (static_cast<std::size_t>(got) < sizeof header + sizeof answer.error) continue;
    std::memcpy(&header, reply.data(), sizeof header);
    if (header.nlmsg_seq != sequence_ || header.nlmsg_type != NLMSG_ERROR) continue;
    std::memcpy(&answer.error, reply.data() + NLMSG_HDRLEN, sizeof answer.error);
    if (answer.error != 0) return failed(what, -answer.error);
    return {};
  }
}

Result<std::vector<Link>> Rtnetlink::links() {
  struct {
    nlmsghdr header;
    ifinfomsg info;
  } request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = RTM_GETLINK;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.header.nlmsg_seq = ++sequence_;
  if (send(requests_.get(), &request, sizeof request, 0) < 0) return failed("list links", errno);
  std::vector<Link> out;
  std::vector<char> reply(kReplyBytes);
  while (true) {
    const auto got = recv(requests_.get(), reply.data(), reply.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("list links", errno);
    std::size_t left = static_cast<std::size_t>(got);
    const char* at = reply.data();
    nlmsghdr header{};
    while (left >= sizeof header) {
      std::memcpy(&header, at, sizeof header);
      if (header.nlmsg_len < sizeof header || header.nlmsg_len > left) break;
      if (header.nlmsg_seq == sequence_) {
        if (header.nlmsg_type == NLMSG_DONE) return out;
        if (header.nlmsg_type == NLMSG_ERROR) return failed("list links", EIO);
        if (header.nlmsg_type == RTM_NEWLINK) {
          out.push_back(parse_link(at + NLMSG_HDRLEN, header.nlmsg_len - NLMSG_HDRLEN));
        }
      }
      const std::size_t step = std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), left);
      at += step;
      left -= step;
    }
  }
}

Result<void> Rtnetlink::set_up(int index) {
  ifinfomsg info{};
  info.ifi_index = index;
  info.ifi_flags = IFF_UP;
  info.ifi_change = IFF_UP;
  Request request(RTM_NEWLINK, 0, info);
  return transact(request, "set interface up");
}

Result<void> Rtnetlink::set_mtu(int index, std::uint32_t mtu) {
  ifinfomsg info{};
  info.ifi_index = index;
  Request request(RTM_NEWLINK, 0, info);
  request.attribute(IFLA_MTU, &mtu, sizeof mtu);
  return transact(request, "set MTU");
}

namespace {
ifaddrmsg address_message(int index, std::uint8_t prefix) {
  ifaddrmsg message{};
  message.ifa_family = AF_INET;
  message.ifa_prefixlen = prefix;
  message.ifa_index = static_cast<std::uint32_t>(index);
  return message;
}
}  // namespace

Result<void> Rtnetlink::add_address(int index, const Ipv4& address, std::uint8_t prefix) {
  Request request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, address_message(index, prefix));
  request.attribute(IFA_LOCAL, address.data(), address.size());
  if (prefix < 31) {
    Ipv4 broadcast = address;
    const std::uint32_t host = UINT32_MAX >> prefix;
    for (std::size_t i = 0; i < 4; ++i) {
      broadcast[i] = static_cast<std::uint8_t>(broadcast[i] | (host >> (24 - 8 * i) & 0xff));
    }
    request.attribute(IFA_BROADCAST, broadcast.data(), broadcast.size());
  }
  return transact(request, "add address");
}

Result<void> Rtnetlink::remove_address(int index, const Ipv4& address, std::uint8_t prefix) {
  Request request(RTM_DELADDR, 0, address_message(index, prefix));
  request.attribute(IFA_LOCAL, address.data(), address.size());
  return transact(request, "remove address");
}

Result<void> Rtnetlink::add_default_route(int index, const Ipv4& gateway) {
  rtmsg message{};
  message.rtm_family = AF_INET;
  message.rtm_table = RT_TABLE_MAIN;
  message.rtm_protocol = RTPROT_BOOT;
  message.rtm_scope = RT_SCOPE_UNIVERSE;
  message.rtm_type = RTN_UNICAST;
  message.rtm_flags = RTNH_F_ONLINK;
  Request request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, message);
  request.attribute(RTA_GATEWAY, gateway.data(), gateway.size());
  request.attribute(RTA_OIF, &index, sizeof index);
  return transact(request, "add default route");
}

Result<void> Rtnetlink::add_unreachable_defaults() {
  for (const auto family : {AF_INET, AF_INET6}) {
    rtmsg message{};
    message.rtm_family = static_cast<unsigned char>(family);
    message.rtm_table = RT_TABLE_MAIN;
    message.rtm_protocol = RTPROT_BOOT;
    message.rtm_scope = RT_SCOPE_UNIVERSE;
    message.rtm_type = RTN_UNREACHABLE;
    Request request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, message);
    // The lowest metric goes first. 0 is IPv4's lowest, and stands for 1024 with IPv6.
    const std::uint32_t metric = family == AF_INET6 ? 1 : 0;
    request.attribute(RTA_PRIORITY, &metric, sizeof metric);
    const auto added = transact(request, "add unreachable default route");
    const bool no_ipv6 = family == AF_INET6 && access("/proc/sys/net/ipv6", F_OK) != 0;
    if (!added && !no_ipv6) return added.error();
  }
  return {};
}

void Rtnetlink::drain_events() {
  std::array<char, 8192> waste;
  // ENOBUFS says that some were lost, which changes nothing: the owner asks for all links anyhow.
  while (recv(events_.get(), waste.data(), waste.size(), 0) >= 0 || errno == ENOBUFS) {
  }
}

}  // namespace phase::boot
