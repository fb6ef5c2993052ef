// sim/world.h
// A whole private internet for one release: a switch with DHCP, a DHT of plain nodes that provide
// nothing, a publisher, providers that only follow the publisher's key, machines, LANs behind
// routers of their own. Demo, tests and benchmarks build theirs from this. Publisher and followers
// stand for hosts all over the internet, which hear no multicast of each other: they start with
// --no-lan. What is found on a link is found in a LAN.
//
// Addresses: router 10.77.0.1, DHT nodes from 10.77.1.1 on, publisher 10.77.2.1, providers from
// 10.77.3.1 on, machines by DHCP from 10.77.9.10 on, LANs 10.78.<number>.0/24.
// Threads: the owner's. One world at a time in a process, inside a sandbox.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proto/result.h"
#include "sim/machine.h"
#include "sim/network.h"
#include "sim/release_kit.h"
#include "sim/shell.h"

namespace phase::sim {

inline constexpr int kPlainDhtNodes = 30;
inline constexpr const char* kChannel = "stable";
inline constexpr const char* kArch = "x86_64";
/// Slow enough that a machine is not done with one provider before it has met the next.
inline constexpr Rate kProviderLine{100'000'000};

struct PublishChoice {
  std::string command_line = "panic=30";  ///< Of the published system, signed.
  std::vector<std::string> more;   ///< Further options of `plasmd publish`.
};

struct PowerOnChoice {
  std::uint64_t memory_mib = 512;
  std::string more_command_line;   ///< Behind what every machine gets.
  std::vector<std::string> more_qemu;
  bool nic = true;
  std::string tap;                 ///< One that is there already; empty: a new one on the switch.
  std::vector<MachineDisk> disks;
};

class World {
 public:
  /// A network with DHCP and a DHT of `dht_nodes` nodes that know each other. `scratch` is an
  /// existing folder; `shell` is borrowed.
  static Result<std::unique_ptr<World>> create(Shell& shell, const std::string& scratch,
                                               int dht_nodes = kPlainDhtNodes);

  /// Makes a release in the publisher's store: its version.
  Result<std::uint64_t> publish(const ReleaseKit& kit, const PublishChoice& choice = {});
  /// Serves the publisher's store; returns once release and pointer are out.
  Result<void> start_publisher();
  /// Ends it and makes sure of it: no process, and nothing answers at its ports.
  Result<void> stop_publisher();
  /// A host that holds nothing but the publisher's public key, behind a line of `rate`.
  Result<void> start_follower(const std::string& public_key, Rate rate = kProviderLine);
  /// Until every follower has fetched, verified and announced `version`.
  Result<void> await_followers(std::uint64_t version);
  /// Starts any other program on a host of its own, as the next provider.
  Result<Process*> start_provider(const std::vector<std::string>& argv, Rate rate = kProviderLine);
  /// A LAN behind the network's router: DHCP, DNS that asks the router on, IPv6.
  Result<Lan> add_lan(const std::string& name, Rate uplink = {});
  /// A host on `lan` that holds all that the publisher's store holds now, and serves it to its
  /// link without a word to anybody else.
  Result<Process*> start_lan_node(const Lan& lan, const std::string& name, int number);
  /// A machine that knows the key, the channel and the way into the DHT, and no provider.
  Result<std::unique_ptr<Machine>> power_on(const ReleaseKit& kit, const PowerOnChoice& choice = {});
  /// The kernel command line of such a machine.
  [[nodiscard]] std::string machine_command_line(const std::string& public_key) const;

  /// HOST:PORT of some of the plain nodes.
  [[nodiscard]] const std::vector<std::string>& bootstrap() const { return bootstrap_; }
  [[nodiscard]] std::string publisher_store() const { return scratch_ + "/publisher"; }
  [[nodiscard]] std::string provider_address(std::size_t index) const;
  [[nodiscard]] std::size_t providers() const { return providers_.size(); }
  [[nodiscard]] Process& provider(std::size_t index) { return *providers_.at(index); }
  [[nodiscard]] Process* publisher() { return publisher_.get(); }
  [[nodiscard]] Network& network() { return *network_; }
  [[nodiscard]] Shell& shell() { return shell_; }
  [[nodiscard]] const std::string& scratch() const { return scratch_; }
  [[nodiscard]] const Host& router() const { return router_; }

 private:
  World(Shell& shell, std::string scratch) : shell_(shell), scratch_(std::move(scratch)) {}
  Result<void> start_network();
  Result<void> start_dht(int nodes);
  Result<Host> next_provider_host(Rate rate);
  [[nodiscard]] std::vector<std::string> with_bootstrap(std::vector<std::string> argv) const;

  Shell& shell_;
  std::string scratch_;
  std::unique_ptr<Network> network_;  // Goes last: processes live in its namespaces.
  Host router_, publisher_host_;
  std::vector<std::string> bootstrap_;
  std::unique_ptr<Process> dhcp_, dht_, publisher_;
  std::vector<std::unique_ptr<Process>> lan_processes_;
  std::vector<std::unique_ptr<Process>> providers_;
  int machines_ = 0;
};

}  // namespace phase::sim
