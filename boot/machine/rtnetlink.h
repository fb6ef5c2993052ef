// boot/machine/rtnetlink.h
// The few requests of rtnetlink(7) that a boot needs. Adapter; decides nothing.
// Threads: one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "boot/machine/ip_option.h"
#include "proto/fd.h"
#include "proto/result.h"

namespace phase::boot {

struct Link {
  int index = 0;
  std::string name;
  MacAddress mac{};
  std::uint32_t mtu = 0;
  bool loopback = false;
  bool ethernet = false;  ///< ARPHRD_ETHER and no bridge, bond, VLAN or other composed device.
  bool up = false;
  bool carrier = false;
};

class Rtnetlink {
 public:
  static Result<Rtnetlink> open();

  [[nodiscard]] Result<std::vector<Link>> links();
  Result<void> set_up(int index);
  Result<void> set_mtu(int index, std::uint32_t mtu);
  /// Replaces the same address where it is there already.
  Result<void> add_address(int index, const Ipv4& address, std::uint8_t prefix);
  Result<void> remove_address(int index, const Ipv4& address, std::uint8_t prefix);
  /// `gateway` need not be within the address's network (clouds give /32 leases).
  Result<void> add_default_route(int index, const Ipv4& gateway);

  /// For both families, in front of every other default route: what no network of an interface
  /// holds is answered by "no route to host". Stays when interfaces go.
  Result<void> add_unreachable_defaults();

  /// Readable when any link has changed.
  [[nodiscard]] int events_fd() const { return events_.get(); }
  /// Takes what waits there, unread: ask links() again.
  void drain_events();

 private:
  Rtnetlink(Fd requests, Fd events) : requests_(std::move(requests)), events_(std::move(events)) {}
  struct Request;
  Result<void> transact(Request& request, const char* what);

  Fd requests_;
  Fd events_;
  std::uint32_t sequence_ = 0;
};

}  // namespace phase::boot
