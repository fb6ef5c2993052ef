#include "sim/network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "sim/command.h"
#include "sim/shell.h"

namespace phase::sim {
namespace {

constexpr const char* kSwitch = "switch0";
constexpr const char* kPartition = "phase_partition";  // A table of nft.

std::string outer_end(const std::string& host) { return "v-" + host; }
std::string with_prefix(const std::string& address, int prefix) {
  return address + "/" + std::to_string(prefix);
}

/// Locally administered, and the same for the same address in every run.
std::string link_address(const std::string& ipv4) {
  in_addr parsed{};
  if (inet_pton(AF_INET, ipv4.c_str(), &parsed) != 1) return {};
  const auto* bytes = reinterpret_cast<const unsigned char*>(&parsed.s_addr);
  char text[18];
  std::snprintf(text, sizeof text, "02:00:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2], bytes[3]);
  return text;
}

/// One `ip` for all lines: a program for each would take seconds where hosts are many.
Result<void> run_batch(const std::vector<std::string>& lines, const std::string& netns) {
  std::string words = "ip -batch - <<END";
  for (const std::string& line : lines) words += "\n" + line;
  return run_commands({{"sh", "-c", words + "\nEND"}}, netns);
}

}  // namespace

Result<std::unique_ptr<Network>> Network::create() {
  std::unique_ptr<Network> network{new Network};
  auto made = run_commands({{"ip", "link", "add", kSwitch, "type", "bridge", "stp_state", "0",
                        "forward_delay", "0"},
                       {"ip", "link", "set", kSwitch, "up"}});
  if (!made) return made.error();
  return network;
}

Network::~Network() {
  (void)partition({});
  // What cannot be removed goes with the sandbox. The outer ends go first and by name: the kernel
  // takes a namespace apart later, when the next network of this process may want the names.
  relays_.clear();
  for (const auto& name : namespaces_) {
    (void)run_command({"ip", "link", "del", outer_end(name)});
    (void)run_command({"ip", "netns", "del", name});
  }
  for (const auto& link : links_) (void)run_command({"ip", "link", "del", link});
  (void)run_command({"ip", "link", "del", kSwitch});
}

Result<Host> Network::add_host(const std::string& name, const std::string& address, Rate rate,
                               const Path& path) {
  auto host = add_host_on(kSwitch, Host{name, address}, rate, path);
  if (host) switch_hosts_.push_back(*host);
  return host;
}

Result<void> Network::introduce_hosts() {
  std::vector<std::string> neighbours;
  for (const Host& host : switch_hosts_) {
    neighbours.push_back("neigh replace " + host.address + " lladdr " + link_address(host.address) +
                         " dev eth0 nud permanent");
  }
  for (const Host& host : switch_hosts_) {
    auto told = run_batch(neighbours, host.name);
    if (!told) return told.error();
  }
  return {};
}

/// eth0 in the host's namespace, outer_end() on the bridge.
Result<void> Network::connect(const std::string& bridge, const std::string& host,
                              const Path& path) {
  const std::string outer = outer_end(host);
  if (path.plain()) {
    return run_commands({{"ip", "link", "add", outer, "type", "veth", "peer", "name", "eth0",
                          "netns", host},
                         {"ip", "link", "set", outer, "master", bridge, "up"}});
  }
  const std::string inner = "p-" + host;
  ProcessOptions options;
  options.argv = {own_folder() + "/phase-link", "--switch-tap", outer, "--host-tap", inner,
                  "--delay-us", std::to_string(path.delay.count()),
                  "--jitter-us", std::to_string(path.jitter.count()),
                  "--loss", std::to_string(path.loss),
                  "--rng-seed", std::to_string(path.rng_seed)};
  auto relay = Process::start(std::move(options));
  if (!relay) return relay.error();
  auto ready = (*relay)->wait_for_line("^ready", std::chrono::seconds(10));
  if (!ready) return ready.error();
  relays_.push_back(std::move(*relay));
  return run_commands({{"ip", "link", "set", inner, "netns", host, "name", "eth0"},
                       {"ip", "link", "set", outer, "master", bridge, "up"}});
}

Result<Host> Network::add_host_on(const std::string& bridge, Host host, Rate rate,
                                  const Path& path) {
  const std::string& name = host.name;
  if (name.empty() || name.size() > 12) {
    return Error{ErrorCode::kUsage, "host name '" + name + "': 1 to 12 characters"};
  }
  auto made = run_commands({{"ip", "netns", "add", name}});
  if (!made) return made.error();
  namespaces_.push_back(name);
  auto connected = connect(bridge, name, path);
  if (!connected) return connected.error();
  auto inside = run_commands({{"ip", "link", "set", "lo", "up"},
                              {"ip", "address", "add", with_prefix(host.address, host.prefix),
                               "dev", "eth0"},
                              {"ip", "link", "set", "eth0", "address", link_address(host.address)},
                              {"ip", "link", "set", "eth0", "up"}},
                             name);
  if (!inside) return inside.error();
  for (const auto& [interface, netns] :
       {std::pair{outer_end(name), std::string{}}, std::pair{std::string{"eth0"}, name}}) {
    auto shaped = shape(interface, netns, rate);
    if (!shaped) return shaped.error();
  }
  return host;
}

Result<void> Network::shape(const std::string& interface, const std::string& netns, Rate rate) {
  if (rate.bits_per_second == 0) return {};
  // The bucket holds 10 ms, and never less than the largest segment that veth passes on in one.
  const auto burst = std::max<std::uint64_t>(rate.bits_per_second / 8 / 100, 64 * 1024);
  return run_commands({{"tc", "qdisc", "add", "dev", interface, "root", "tbf", "rate",
                        std::to_string(rate.bits_per_second) + "bit", "burst",
                        std::to_string(burst), "latency", "100ms"}},
                      netns);
}

Result<void> Network::join_switch(const std::string& link) {
  return run_commands({{"ip", "link", "set", link, "master", kSwitch, "up"}});
}

Result<void> Network::add_address(const Host& host, const std::string& address) {
  return run_commands({{"ip", "address", "add", with_prefix(address, host.prefix), "dev", "eth0"}},
                      host.name);
}

Result<void> Network::set_plugged(const Host& host, bool plugged) {
  return run_commands({{"ip", "link", "set", outer_end(host.name), plugged ? "up" : "down"}});
}

Result<void> Network::set_tap_plugged(const std::string& tap, bool plugged) {
  return run_commands({{"ip", "link", "set", tap, plugged ? "up" : "down"}});
}

Result<std::string> Network::port_of(const std::string& name) const {
  if (std::find(namespaces_.begin(), namespaces_.end(), name) != namespaces_.end()) {
    return outer_end(name);
  }
  if (const auto lan = lan_ports_.find(name); lan != lan_ports_.end()) return lan->second;
  if (std::find(taps_.begin(), taps_.end(), name) != taps_.end()) return name;
  return Error{ErrorCode::kUsage, "'" + name + "' is no host, tap or LAN of this network"};
}

Result<void> Network::partition(const std::vector<std::vector<std::string>>& groups) {
  // The bridge's own forwarding is where frames are dropped: no connection learns of it.
  std::vector<std::string> ports(groups.size());
  for (std::size_t i = 0; i < groups.size(); ++i) {
    for (const auto& name : groups[i]) {
      auto port = port_of(name);
      if (!port) return port.error();
      ports[i] += (ports[i].empty() ? "\"" : ", \"") + *port + "\"";
    }
  }
  // Adding it first makes deleting it succeed.
  std::string rules = std::string("add table bridge ") + kPartition + "\ndelete table bridge " + kPartition;
  if (!groups.empty()) {
    rules += std::string("\nadd table bridge ") + kPartition + "\nadd chain bridge " + kPartition +
             " parted { type filter hook forward priority 0; }";
  }
  for (std::size_t from = 0; from < groups.size(); ++from) {
    for (std::size_t to = 0; to < groups.size(); ++to) {
      if (from == to || ports[from].empty() || ports[to].empty()) continue;
      rules += std::string("\nadd rule bridge ") + kPartition + " parted iifname { " + ports[from] +
               " } oifname { " + ports[to] + " } drop";
    }
  }
  // All of it at once: no frame sees half of a partition.
  return run_commands({{"sh", "-c", "nft -f - <<END\n" + rules + "\nEND"}});
}

Result<std::map<std::string, LinkBytes>> Network::link_bytes() const {
  std::ifstream counters("/proc/self/net/dev");
  std::map<std::string, LinkBytes> by_port;
  for (std::string line; std::getline(counters, line);) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::istringstream words(line.substr(colon + 1));
    // Columns: bytes and seven more of what came in, then bytes of what went out.
    std::uint64_t in = 0, skipped = 0, out = 0;
    words >> in;
    for (int i = 0; i < 7; ++i) words >> skipped;
    words >> out;
    const auto begin = line.find_first_not_of(' ');
    if (words) by_port[line.substr(begin, colon - begin)] = {in, out};
  }
  if (by_port.empty()) return Error{ErrorCode::kInternal, "/proc/self/net/dev names no link"};
  std::map<std::string, LinkBytes> by_name;
  for (const auto& name : namespaces_) by_name[name] = by_port[outer_end(name)];
  for (const auto& name : taps_) by_name[name] = by_port[name];
  return by_name;
}

Result<std::string> Network::add_tap(const std::string& name, Rate rate) {
  return add_tap_on(kSwitch, name, rate);
}

Result<std::string> Network::add_tap_on(const std::string& bridge, const std::string& name,
                                        Rate rate) {
  auto made = run_commands({{"ip", "tuntap", "add", "dev", name, "mode", "tap"},
                            {"ip", "link", "set", name, "master", bridge, "up"}});
  if (!made) return made.error();
  links_.push_back(name);
  taps_.push_back(name);
  auto shaped = shape(name, {}, rate);
  if (!shaped) return shaped.error();
  return name;
}

Result<std::unique_ptr<Process>> Network::start_dhcp(const Host& host, const std::string& first,
                                                     const std::string& last,
                                                     const std::string& scratch,
                                                     const std::vector<Reservation>& reservations) {
  ProcessOptions options;
  options.netns = host.name;
  options.log_file = scratch + "/dnsmasq.log";
  options.argv = {"dnsmasq",
                  "--keep-in-foreground",
                  "--conf-file=/dev/null",
                  "--log-facility=-",
                  "--log-dhcp",
                  "--user=root",
                  "--pid-file=",
                  "--port=0",
                  "--no-ping",  // Its check whether an address is taken costs three seconds.
                  "--interface=eth0",
                  "--dhcp-authoritative",
                  "--dhcp-leasefile=" + scratch + "/dnsmasq.leases",
                  "--dhcp-range=" + first + "," + last + ",255.255.0.0,1h",
                  "--dhcp-option=option:router," + host.address};
  for (const auto& one : reservations) {
    options.argv.push_back("--dhcp-host=" + one.mac + "," + one.address);
  }
  auto server = Process::start(std::move(options));
  if (!server) return server.error();
  auto ready = (*server)->wait_for_line("DHCP, IP range", std::chrono::seconds(10));
  if (!ready) return ready.error();
  return server;
}

}  // namespace phase::sim
