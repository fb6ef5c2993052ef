// boot/machine/dhcp_lease.h
// What the DHCP hook tells PID 1: one record of fixed size, checked on both sides. Used by
// phase-dhcp-hook too, so it needs no library beyond libc and allocates nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace phase::boot {

/// Addresses in network byte order. Sent as it lies in memory, between two programs of one build.
struct DhcpLease {
  static constexpr std::uint32_t kMagic = 0x50484c31;  // "PHL1"
  static constexpr std::size_t kMaxServers = 3;
  std::uint32_t magic = kMagic;
  std::uint32_t lease_seconds = 0;
  std::array<std::uint8_t, 4> address{};
  std::array<std::uint8_t, 4> router{};  ///< Zeros: none.
  std::array<std::array<std::uint8_t, 4>, kMaxServers> dns{};
  std::uint16_t mtu = 0;                 ///< 0: not told.
  std::uint8_t prefix = 0;
  std::uint8_t dns_count = 0;
};
static_assert(std::is_trivially_copyable_v<DhcpLease> && sizeof(DhcpLease) == 32);

/// The descriptor on which the hook writes, in udhcpc and in the hook. udhcpc puts its own signal
/// pipe on 3 and 4 whatever was there.
inline constexpr int kLeaseDescriptor = 10;

/// Nothing where the record can be used, else what is wrong with it (a static string): magic;
/// address and servers unicast and of no special range; prefix 1 to 32, address neither network
/// nor broadcast address; MTU 0 or 576 to 9216; lease of at least 60 s; unused servers zero.
[[nodiscard]] const char* lease_defect(const DhcpLease& untrusted);

/// udhcpc's environment as its script sees it; null where a variable is not set.
struct LeaseEnvironment {
  const char* ip = nullptr;
  const char* subnet = nullptr;  ///< Dotted mask.
  const char* router = nullptr;  ///< Addresses with one space between.
  const char* dns = nullptr;
  const char* mtu = nullptr;
  const char* lease = nullptr;   ///< Seconds.
};
/// Fills `lease` from untrusted text; nothing, or what is wrong. A wrong address, mask, router or
/// lease refuses all; a DNS server or MTU that cannot be used is left out.
[[nodiscard]] const char* lease_from_environment(const LeaseEnvironment& untrusted,
                                                 DhcpLease& lease);

}  // namespace phase::boot
