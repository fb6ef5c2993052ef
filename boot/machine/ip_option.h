// boot/machine/ip_option.h
// The kernel's `ip=` (Documentation/admin-guide/nfs/nfsroot.rst) and pxelinux's `BOOTIF=`. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/result.h"

namespace phase::boot {

using Ipv4 = std::array<std::uint8_t, 4>;  ///< Network byte order; 0.0.0.0 means none.
using MacAddress = std::array<std::uint8_t, 6>;

[[nodiscard]] bool is_set(const Ipv4& address);
[[nodiscard]] std::string ipv4_text(const Ipv4& address);
[[nodiscard]] std::string mac_text(const MacAddress& mac);

struct IpOption {
  enum class Method : std::uint8_t { kDhcp, kStatic, kOff };
  Method method = Method::kDhcp;
  std::string device;         ///< Empty: any Ethernet interface.
  Ipv4 address{};
  Ipv4 gateway{};
  std::uint8_t prefix = 0;    ///< 1 to 32 where method is kStatic.
  std::vector<Ipv4> dns;      ///< At most two.
};

/// "dhcp", "on", "any", "off", "none" or client:server:gw:mask:host:dev:autoconf:dns0:dns1[:ntp].
/// A missing mask is the one of the address's class, as in the kernel. kUsage names the field.
[[nodiscard]] Result<IpOption> parse_ip_option(std::string_view untrusted);

/// Six hexadecimal pairs with '-' or ':', optionally after the hardware type "01-". kUsage else.
[[nodiscard]] Result<MacAddress> parse_boot_interface(std::string_view untrusted);

}  // namespace phase::boot
