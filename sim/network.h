// sim/network.h
// A network inside a sandbox: one switch (a bridge), hosts (network namespaces with an address)
// and taps for machines. Adapts the programs `ip`, `tc` and `dnsmasq`. Links are as fast as the
// kernel unless they get a rate; delay and loss are the relays', which come beside this.
//
// Threads: the owner's. The sandbox ends everything; the destructor makes room for the next
// network of the same process.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "proto/result.h"
#include "sim/process.h"

namespace phase::sim {

/// Bits per second; 0: as fast as the kernel.
struct Rate {
  std::uint64_t bits_per_second = 0;
};

struct Host {
  std::string name;     ///< Also the name of its network namespace; its interface is eth0.
  std::string address;  ///< IPv4 literal.
};

class Network {
 public:
  /// All addresses lie in 10.77.0.0/16, which nothing outside the sandbox ever sees.
  static Result<std::unique_ptr<Network>> create();
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  /// `name` has at most 12 characters. `rate` holds in both directions.
  Result<Host> add_host(const std::string& name, const std::string& address, Rate rate = {});
  /// One more address for `host`, as a machine with many has them.
  Result<void> add_address(const Host& host, const std::string& address);
  /// Takes the link down or up again, like a pulled plug.
  Result<void> set_plugged(const Host& host, bool plugged);
  /// Name of a new tap on the switch; `rate` holds towards the machine only (a tap's other
  /// direction is ingress, which the kernel does not queue).
  Result<std::string> add_tap(const std::string& name, Rate rate = {});
  /// A DHCP server in `host`, ready when this returns. Gives out first..last for an hour, itself
  /// as router.
  Result<std::unique_ptr<Process>> start_dhcp(const Host& host, const std::string& first,
                                              const std::string& last,
                                              const std::string& scratch);

 private:
  Network() = default;
  std::vector<std::string> namespaces_;
  std::vector<std::string> taps_;
};

}  // namespace phase::sim
