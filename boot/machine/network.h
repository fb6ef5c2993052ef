// boot/machine/network.h
// Brings up lo and every Ethernet interface, and gives one of them an IPv4 configuration: static
// from `ip=`, or by DHCP. Adapter: the decisions are in boot/machine/lease_race.h.
// DHCP runs in children without privileges (boot/machine/dhcp.h); what they say is checked again.
// The lease is not renewed: a machine boots in seconds, and a retry asks anew.
// Threads: one. It reaps only its own children; the caller must not reap them meanwhile.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "boot/machine/dhcp.h"
#include "boot/machine/ip_option.h"
#include "proto/ports.h"
#include "proto/result.h"

namespace phase::boot {

struct NetworkOptions {
  IpOption ip;
  std::optional<MacAddress> boot_interface;  ///< Only this one is used.
  DhcpOptions dhcp;
  std::string resolv_conf = "/etc/resolv.conf";  ///< Replaced as a whole.
  MonoTime deadline;                             ///< For all of it, appearing hardware included.
  /// Local mode: no route off the link is made or learned (unreachable default routes of both
  /// families before all others, no router advertisement's route, no redirect), what is sent dies
  /// at the first router (TTL and hop limit 1), and no name server is written down.
  bool only_on_link = false;
  /// Private mode: IPv6 interface ids are drawn at random, never made of the MAC; DHCP tells
  /// nothing but chaddr (set dhcp.anonymous too).
  bool anonymous = false;
  /// Lines for a person as it goes on; may be empty.
  std::function<void(const std::string&)> say;
  /// Also waited for, e.g. Modules::uevent_fd(); `on_hardware` is called when it is readable.
  int hardware_fd = -1;
  std::function<void()> on_hardware;
};

struct NetworkUp {
  std::string interface;  ///< Empty with ip=off.
  Ipv4 address{};
  std::uint8_t prefix = 0;
  Ipv4 gateway{};         ///< 0.0.0.0: no route off the link; so always with only_on_link.
  std::vector<Ipv4> dns;
  std::uint32_t mtu = 0;
  std::string source;     ///< "dhcp", "static" or "off".
  [[nodiscard]] std::string text() const;  ///< "eth0 10.0.2.15/24 gateway 10.0.2.2 (dhcp)".
};

/// Errors name what was tried, each interface and whether it had carrier: kNoInterface (none
/// fits, or none had carrier), kNoDhcp (no lease by the deadline), kNetwork (the kernel refused a
/// setting). What a failed attempt configured is taken back.
[[nodiscard]] Result<NetworkUp> bring_up_network(const NetworkOptions& options, const Clock& clock);
/// Removes the address and so its routes: before bringing it up anew. What keeps the machine on its
/// link or anonymous stays: nothing of it is in the way of another attempt in the same mode.
void take_down_network(const NetworkUp& up);

}  // namespace phase::boot
