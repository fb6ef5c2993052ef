// LANs of a Network: see network.h.
#include <nlohmann/json.hpp>

#include "sim/command.h"
#include "sim/network.h"

namespace phase::sim {
namespace {

constexpr int kRouterNumber = 1;
/// Where the uplink's IPv6 default route points: at nobody, by a neighbour entry that never asks.
constexpr const char* kNobody = "2001:db8:ffff::1";
constexpr const char* kNobodysMac = "02:00:00:00:00:01";

std::string uplink_end(const Lan& lan) { return "u-" + lan.name; }

std::string ipv6_router(const Lan& lan) {
  return "2001:db8:" + std::to_string(lan.number) + "::1";
}

/// Settings of a router that says nothing of its own at its uplink: a packet there has come from
/// the LAN, or answers somebody.
Result<void> set_up_router(const Lan& lan) {
  const std::string number = std::to_string(lan.number);
  const std::string interfaces = "/proc/sys/net/ipv6/conf/";
  return run_commands(
      {{"sh", "-c",
        "echo 1 > /proc/sys/net/ipv4/ip_forward && echo 1 > " + interfaces +
            "all/forwarding && echo 1 > " + interfaces + kUplink + "/addr_gen_mode && echo 0 > " +
            interfaces + kUplink + "/accept_ra && echo 1 > " + interfaces + kUplink +
            "/mldv2_unsolicited_report_interval"},
       {"ip", "link", "set", kUplink, "up"},
       {"ip", "address", "add", lan.uplink_address + "/16", "dev", kUplink},
       {"ip", "route", "add", "default", "via", "10.77.0.1", "dev", kUplink},
       {"ip", "-6", "address", "add", ipv6_router(lan) + "/64", "dev", "eth0", "nodad"},
       {"ip", "-6", "address", "add", "2001:db8:ffff::" + number + "00/64", "dev", kUplink, "nodad"},
       {"ip", "-6", "neighbour", "add", kNobody, "lladdr", kNobodysMac, "dev", kUplink, "nud",
        "permanent"},
       {"ip", "-6", "route", "add", "default", "via", kNobody, "dev", kUplink},
       {"nft", "add table ip phase; add chain ip phase out { type nat hook postrouting priority "
               "srcnat; }; add rule ip phase out oifname \"uplink\" masquerade"}},
      lan.router.name);
}

Result<void> await_link(const std::string& link, const std::string& state, const std::string& netns) {
  return run_commands({{"sh", "-c",
                        "for i in $(seq 200); do ip -o -d link show " + link + " | grep -q '" + state +
                            "' && exit; sleep 0.05; done; exit 1"}},
                      netns);
}

/// Until both ends know: the router's kernel has a route then, and the switch forwards. They take
/// up to a second each to notice.
Result<void> await_uplink(const Lan& lan, bool plugged) {
  auto router = await_link(kUplink, plugged ? "state UP" : "NO-CARRIER", lan.router.name);
  if (!router) return router.error();
  return await_link(uplink_end(lan), plugged ? "bridge_slave state forwarding" : "state DOWN", {});
}

}  // namespace

std::string Lan::address(int host) const {
  return "10.78." + std::to_string(number) + "." + std::to_string(host);
}

Result<Lan> Network::add_lan(const std::string& name, Rate uplink_rate) {
  if (name.empty() || name.size() > 8) {
    return Error{ErrorCode::kUsage, "LAN name '" + name + "': 1 to 8 characters"};
  }
  Lan lan;
  lan.name = name;
  lan.number = ++lans_;
  lan.bridge = "b-" + name;
  lan.uplink_address = "10.77.200." + std::to_string(lan.number);
  auto bridge = run_commands({{"ip", "link", "add", lan.bridge, "type", "bridge", "stp_state", "0",
                               "forward_delay", "0"},
                              {"ip", "link", "set", lan.bridge, "up"}});
  if (!bridge) return bridge.error();
  links_.push_back(lan.bridge);
  auto router = add_host_on(lan.bridge, Host{name + "-gw", lan.address(kRouterNumber), 24}, {}, {});
  if (!router) return router.error();
  lan.router = *router;
  auto uplink = run_commands({{"ip", "link", "add", uplink_end(lan), "type", "veth", "peer", "name",
                               kUplink, "netns", lan.router.name}});
  if (!uplink) return uplink.error();
  links_.push_back(uplink_end(lan));
  lan_ports_[name] = uplink_end(lan);
  auto set_up = set_up_router(lan);
  if (!set_up) return set_up.error();
  for (const auto& [interface, netns] :
       {std::pair{uplink_end(lan), std::string{}}, std::pair{std::string{kUplink}, lan.router.name}}) {
    auto shaped = shape(interface, netns, uplink_rate);
    if (!shaped) return shaped.error();
  }
  auto joined = join_switch(uplink_end(lan));
  if (!joined) return joined.error();
  auto ready = await_uplink(lan, true);
  if (!ready) return ready.error();
  return lan;
}

Result<Host> Network::add_host(const Lan& lan, const std::string& name, int number, Rate rate,
                               const Path& path) {
  auto host = add_host_on(lan.bridge, Host{name, lan.address(number), 24}, rate, path);
  if (!host) return host.error();
  auto route = run_commands({{"ip", "route", "add", "default", "via", lan.router.address}}, name);
  if (!route) return route.error();
  return host;
}

Result<std::string> Network::add_tap(const Lan& lan, const std::string& name, Rate rate) {
  return add_tap_on(lan.bridge, name, rate);
}

Result<void> Network::set_uplink_plugged(const Lan& lan, bool plugged) {
  auto set = run_commands({{"ip", "link", "set", uplink_end(lan), plugged ? "up" : "down"}});
  if (!set) return set.error();
  return await_uplink(lan, plugged);
}

Result<UplinkBytes> Network::uplink_bytes(const Lan& lan) {
  const auto shown = run_command({"ip", "-j", "-s", "link", "show", "dev", uplink_end(lan)});
  if (!shown) return shown.error();
  try {
    const auto links = nlohmann::json::parse(*shown);
    const auto& counted = links.at(0).at("stats64");
    // The end on the switch: what it sends goes to the LAN.
    return UplinkBytes{.down = counted.at("tx").at("bytes"), .up = counted.at("rx").at("bytes")};
  } catch (const nlohmann::json::exception&) {
    return Error{ErrorCode::kInternal, "ip shows no counters of " + uplink_end(lan) + ": " + *shown};
  }
}

Result<std::unique_ptr<Process>> Network::start_services(const Lan& lan,
                                                         const LanServiceOptions& options,
                                                         const std::string& scratch) {
  ProcessOptions server;
  server.netns = lan.router.name;
  server.log_file = scratch + "/" + lan.name + "-dnsmasq.log";
  server.argv = {"dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--log-facility=-",
                 "--log-dhcp", "--log-queries", "--user=root", "--pid-file=", "--no-ping",
                 "--interface=eth0", "--bind-interfaces", "--no-resolv", "--no-hosts",
                 "--dhcp-authoritative",
                 "--dhcp-leasefile=" + scratch + "/" + lan.name + "-dnsmasq.leases",
                 "--dhcp-range=" + lan.address(options.first) + "," + lan.address(options.last) +
                     ",255.255.255.0,1h"};
  if (!options.dns_upstream.empty()) server.argv.push_back("--server=" + options.dns_upstream);
  if (options.router_advertisements) {
    server.argv.insert(server.argv.end(), {"--enable-ra", "--dhcp-range=::,constructor:eth0,ra-only"});
  }
  for (const auto& one : options.reservations) {
    server.argv.push_back("--dhcp-host=" + one.mac + "," + one.address);
  }
  auto started = Process::start(std::move(server));
  if (!started) return started.error();
  auto ready = (*started)->wait_for_line(
      options.router_advertisements ? "IPv6 router advertisement enabled" : "DHCP, IP range",
      std::chrono::seconds(10));
  if (!ready) return ready.error();
  return started;
}

}  // namespace phase::sim
