// sim/network.h
// A network inside a sandbox: one switch (a bridge), LANs behind routers of their own, hosts
// (network namespaces with an address) and taps for machines. Adapts the programs `ip`, `tc`,
// `nft` and `dnsmasq`, and of ours phase-link, which lies beside the running program. Links are as
// fast as the kernel, and lose nothing, unless they get a rate or a path.
//
// Threads: the owner's. The sandbox ends everything; the destructor makes room for the next
// network of the same process.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proto/result.h"
#include "sim/link_queue.h"
#include "sim/process.h"

namespace phase::sim {

/// Bits per second; 0: as fast as the kernel.
struct Rate {
  std::uint64_t bits_per_second = 0;
};

struct Host {
  std::string name;     ///< Also the name of its network namespace; its interface is eth0.
  std::string address;  ///< IPv4 literal.
  int prefix = 16;      ///< Bits of its network.
};

/// A link of its own, 10.78.<number>.0/24 and 2001:db8:<number>::/64. Its router has one leg on it
/// and one, the uplink, on the network's switch, as a home router has: IPv4 is forwarded and
/// translated to the uplink's address, IPv6 forwarded as it is, to nowhere: 2001:db8::/32 belongs
/// to nobody, but what leaves is to be seen at the uplink.
struct Lan {
  std::string name;
  int number = 0;
  std::string bridge;
  Host router;                 ///< Its address and interface (eth0) on the LAN.
  std::string uplink_address;  ///< 10.77.200.<number>
  [[nodiscard]] std::string address(int host) const;
};
/// The router's leg on the network's switch, within the router's namespace.
inline constexpr const char* kUplink = "uplink";

/// Through a LAN's uplink since it was made, as the kernel counts: Ethernet headers are in it, and of
/// large TCP segments, which leave in one, one header each. What a rate dropped is not.
struct UplinkBytes {
  std::uint64_t down = 0;  ///< Towards the LAN.
  std::uint64_t up = 0;
};

struct LinkBytes {
  std::uint64_t sent = 0;      ///< By the host.
  std::uint64_t received = 0;
};

/// A DHCP server gives this address to this network card, whoever else asks.
struct Reservation {
  std::string mac, address;
};

struct LanServiceOptions {
  int first = 100, last = 199;       ///< Addresses given out.
  /// Where the router's DNS server asks on; empty: it answers nothing, and asks nobody.
  std::string dns_upstream;
  bool router_advertisements = true; ///< IPv6 by SLAAC, the router as default route.
  std::vector<Reservation> reservations;
};

class Network {
 public:
  /// All addresses lie in 10.77.0.0/16, which nothing outside the sandbox ever sees.
  static Result<std::unique_ptr<Network>> create();
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  /// `name` has at most 12 characters. `rate` and `path` hold in both directions.
  Result<Host> add_host(const std::string& name, const std::string& address, Rate rate = {},
                        const Path& path = {});
  /// One more address for `host`, as a machine with many has them.
  Result<void> add_address(const Host& host, const std::string& address);
  /// All hosts of the switch know each other's link addresses from now on. For more than about thirty
  /// that talk to each other: the kernel keeps 1,024 neighbours that it had to ask for, over all
  /// namespaces, and what would be one more has no route.
  Result<void> introduce_hosts();
  /// From now on hosts of different groups exchange no frame: also what was connected before
  /// stalls, as behind a router that lost its line, and nobody is told. What is in no group hears all.
  /// A group names hosts, taps and LANs; a LAN's hosts among each other are not parted by its name.
  /// Replaces an earlier one; no groups: everybody hears everybody again.
  Result<void> partition(const std::vector<std::vector<std::string>>& groups);
  /// Takes the link down or up again, like a pulled plug.
  Result<void> set_plugged(const Host& host, bool plugged);
  /// Name of a new tap on the switch; `rate` holds towards the machine only (a tap's other
  /// direction is ingress, which the kernel does not queue).
  Result<std::string> add_tap(const std::string& name, Rate rate = {});
  /// For machines, whose cables are taps.
  Result<void> set_tap_plugged(const std::string& tap, bool plugged);
  /// Through the links of all hosts and taps since they were made, by name: what each sent and what
  /// came to it, as the kernel counts (see UplinkBytes).
  [[nodiscard]] Result<std::map<std::string, LinkBytes>> link_bytes() const;
  /// A DHCP server in `host`, ready when this returns. Gives out first..last for an hour, itself
  /// as router.
  Result<std::unique_ptr<Process>> start_dhcp(const Host& host, const std::string& first,
                                              const std::string& last,
                                              const std::string& scratch,
                                              const std::vector<Reservation>& reservations = {});

  /// `name` has at most 8 characters. The uplink is plugged in; its default route is 10.77.0.1.
  /// `uplink` holds in each direction, for all hosts of the LAN together.
  Result<Lan> add_lan(const std::string& name, Rate uplink = {});
  /// As above, on the LAN, with the LAN's router as default route.
  Result<Host> add_host(const Lan& lan, const std::string& name, int number, Rate rate = {},
                        const Path& path = {});
  Result<std::string> add_tap(const Lan& lan, const std::string& name, Rate rate = {});
  Result<void> set_uplink_plugged(const Lan& lan, bool plugged);
  [[nodiscard]] static Result<UplinkBytes> uplink_bytes(const Lan& lan);
  /// What a home router offers: DHCP (itself as router and DNS server), DNS, router
  /// advertisements. Ready when this returns.
  Result<std::unique_ptr<Process>> start_services(const Lan& lan, const LanServiceOptions& options,
                                                  const std::string& scratch);

 private:
  Network() = default;
  /// The end on the bridge of what has this name; kUsage where nothing has.
  [[nodiscard]] Result<std::string> port_of(const std::string& name) const;
  Result<Host> add_host_on(const std::string& bridge, Host host, Rate rate, const Path& path);
  Result<void> connect(const std::string& bridge, const std::string& host, const Path& path);
  Result<std::string> add_tap_on(const std::string& bridge, const std::string& name, Rate rate);
  Result<void> join_switch(const std::string& link);
  static Result<void> shape(const std::string& interface, const std::string& netns, Rate rate);
  std::vector<std::string> namespaces_;
  std::vector<Host> switch_hosts_;
  std::vector<std::string> links_;  // In this process's namespace: taps, bridges, uplinks.
  std::vector<std::string> taps_;
  std::map<std::string, std::string> lan_ports_;  // Uplinks' ends on the switch, by LAN.
  std::vector<std::unique_ptr<Process>> relays_;  // Links with a path.
  int lans_ = 0;
};

}  // namespace phase::sim
