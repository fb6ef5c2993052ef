#include "boot/machine/network.h"

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <map>
#include <set>

#include "boot/machine/lease_race.h"
#include "boot/machine/rtnetlink.h"
#include "boot/machine/sysctl.h"

namespace phase::boot {
namespace {

/// The file appears as a whole or not at all: the resolver may be reading.
Result<void> write_resolv_conf(const std::string& path, const std::vector<Ipv4>& servers) {
  std::string text;
  for (const auto& server : servers) text += "nameserver " + ipv4_text(server) + "\n";
  const std::string temporary = path + ".new";
  const Fd file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file.valid() || write(file.get(), text.data(), text.size()) != ssize_t(text.size()) ||
      std::rename(temporary.c_str(), path.c_str()) != 0) {
    return Error{ErrorCode::kStore, path + " cannot be written: " + std::strerror(errno)};
  }
  return {};
}

class BringUp {
 public:
  BringUp(const NetworkOptions& options, const Clock& clock, Rtnetlink netlink)
      : options_(options),
        clock_(clock),
        netlink_(std::move(netlink)),
        rules_{options.only_on_link, options.anonymous} {}

  Result<NetworkUp> run() {
    if (const auto ruled = write_sysctls(host_sysctls(rules_)); !ruled) return ruled.error();
    if (options_.only_on_link) {
      if (const auto shut = netlink_.add_unreachable_defaults(); !shut) return shut.error();
    }
    while (true) {
      if (const auto done = look_at_links(); !done) return done.error();
      if (auto up = step()) return std::move(*up);
      if (clock_.now() >= options_.deadline) return out_of_time();
      wait();
    }
  }

 private:
  void say(const std::string& text) {
    if (options_.say) options_.say("network: " + text);
  }

  bool selected(const Link& link) const {
    if (!link.ethernet) return false;
    if (!options_.ip.device.empty()) return link.name == options_.ip.device;
    return !options_.boot_interface || link.mac == *options_.boot_interface;
  }

  Result<void> look_at_links() {
    netlink_.drain_events();
    auto links = netlink_.links();
    if (!links) return links.error();
    seen_.clear();
    candidates_.clear();
    for (const auto& link : *links) {
      if (const auto ruled = rule(link); !ruled) return ruled.error().in(link.name);
      if (link.loopback && !link.up) {
        if (const auto up = netlink_.set_up(link.index); !up) return up.error().in(link.name);
      }
      if (link.ethernet) seen_ += (seen_.empty() ? "" : ", ") + link.name + " " + mac_text(link.mac);
      if (!selected(link)) continue;
      if (!link.up) {
        // Some drivers load firmware here and fail without it; others may still do.
        if (const auto up = netlink_.set_up(link.index); !up) {
          if (refused_up_[link.index]++ == 0) say(link.name + ": " + up.error().detail);
        }
      }
      candidates_.push_back(link);
    }
    race_.set_links(candidates_, clock_.now());
    return {};
  }

  /// Once per interface, before it is set up for the first time: one that was there before us has
  /// not begun with our defaults.
  Result<void> rule(const Link& link) {
    if (!ruled_.insert(link.index).second) return {};
    return write_sysctls(interface_sysctls(rules_, link.name));
  }

  std::optional<Result<NetworkUp>> step() {
    switch (options_.ip.method) {
      case IpOption::Method::kOff: return off();
      case IpOption::Method::kStatic: return step_static();
      case IpOption::Method::kDhcp: return step_dhcp();
    }
    return std::nullopt;
  }

  static NetworkUp off() {
    NetworkUp up;
    up.source = "off";
    return up;
  }

  std::optional<Result<NetworkUp>> step_static() {
    const auto link = std::find_if(candidates_.begin(), candidates_.end(),
                                   [](const Link& candidate) { return candidate.carrier; });
    if (link == candidates_.end()) return std::nullopt;
    return configure(link->index, NetworkUp{.interface = link->name,
                                            .address = options_.ip.address,
                                            .prefix = options_.ip.prefix,
                                            .gateway = options_.ip.gateway,
                                            .dns = options_.ip.dns,
                                            .mtu = 0,
                                            .source = "static"});
  }

  std::optional<Result<NetworkUp>> step_dhcp() {
    collect_attempts();
    if (const auto winner = race_.winner(clock_.now())) {
      attempts_.clear();
      const auto& lease = winner->lease;
      return configure(winner->index,
                       NetworkUp{.interface = winner->name,
                                 .address = lease.address,
                                 .prefix = lease.prefix,
                                 .gateway = lease.router,
                                 .dns = {lease.dns.begin(), lease.dns.begin() + lease.dns_count},
                                 .mtu = lease.mtu,
                                 .source = "dhcp"});
    }
    for (const int index : race_.take_starts(clock_.now())) {
      const auto& name = link_name(index);
      auto attempt = DhcpAttempt::start(name, options_.dhcp);
      // Nothing on the network can mend a program that cannot be started.
      if (!attempt) return attempt.error();
      say(name + ": asking by DHCP");
      attempts_.emplace(index, std::move(*attempt));
    }
    return std::nullopt;
  }

  void collect_attempts() {
    for (auto at = attempts_.begin(); at != attempts_.end();) {
      auto result = at->second.result();
      if (!result) {
        ++at;
        continue;
      }
      if (*result) {
        race_.leased(at->first, **result, clock_.now());
      } else {
        say(link_name(at->first) + ": DHCP: " + result->error().detail);
        race_.failed(at->first, result->error().detail, clock_.now());
      }
      at = attempts_.erase(at);
    }
  }

  std::string link_name(int index) const {
    for (const auto& link : candidates_) {
      if (link.index == index) return link.name;
    }
    return "interface " + std::to_string(index);
  }

  Result<NetworkUp> configure(int index, NetworkUp up) {
    if (options_.only_on_link) {
      up.gateway = {};
      up.dns.clear();
    }
    if (up.mtu != 0) {
      if (const auto set = netlink_.set_mtu(index, up.mtu); !set) {
        say(up.interface + ": MTU " + std::to_string(up.mtu) + " is passed over: " +
            set.error().detail);
        up.mtu = 0;
      }
    }
    const std::string where = up.interface + " " + ipv4_text(up.address);
    if (const auto set = netlink_.add_address(index, up.address, up.prefix); !set) {
      return set.error().in(where);
    }
    Result<void> done = {};
    if (is_set(up.gateway)) done = netlink_.add_default_route(index, up.gateway);
    if (done && !options_.only_on_link) done = write_resolv_conf(options_.resolv_conf, up.dns);
    if (!done) {
      const auto taken_back = netlink_.remove_address(index, up.address, up.prefix);
      if (!taken_back) say(where + ": " + taken_back.error().detail);
      return done.error().in(where);
    }
    return up;
  }

  void wait() {
    std::vector<pollfd> fds = {{netlink_.events_fd(), POLLIN, 0}, {options_.hardware_fd, POLLIN, 0}};
    for (const auto& [index, attempt] : attempts_) fds.push_back({attempt.fd(), POLLIN, 0});
    const auto next = std::min(race_.deadline().value_or(options_.deadline), options_.deadline);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - clock_.now()).count();
    poll(fds.data(), fds.size(), static_cast<int>(std::clamp<long>(left, 0, INT_MAX)));
    // POLLERR too: a netlink socket that overflowed says so.
    if (fds[1].revents != 0 && options_.on_hardware) options_.on_hardware();
  }

  Error out_of_time() const {
    if (candidates_.empty()) {
      std::string wanted = "no Ethernet interface";
      if (!options_.ip.device.empty()) {
        wanted = "no interface " + options_.ip.device + " (ip=)";
      } else if (options_.boot_interface) {
        wanted = "no interface " + mac_text(*options_.boot_interface) + " (BOOTIF=)";
      }
      return {ErrorCode::kNoInterface,
              wanted + " appeared; there is " + (seen_.empty() ? "none at all" : seen_) +
                  ". Is the driver of the network card in the initramfs?"};
    }
    if (!race_.any_carrier()) {
      return {ErrorCode::kNoInterface,
              "no interface has a carrier (cable, switch): " + race_.summary()};
    }
    return {ErrorCode::kNoDhcp, "no DHCP server gave a lease that can be used: " + race_.summary()};
  }

  const NetworkOptions& options_;
  const Clock& clock_;
  Rtnetlink netlink_;
  const LinkRules rules_;
  std::set<int> ruled_;
  LeaseRace race_;
  std::vector<Link> candidates_;
  std::string seen_;
  std::map<int, int> refused_up_;
  std::map<int, DhcpAttempt> attempts_;
};

}  // namespace

std::string NetworkUp::text() const {
  if (interface.empty()) return "no address (ip=off)";
  std::string out = interface + " " + ipv4_text(address) + "/" + std::to_string(prefix);
  if (is_set(gateway)) out += " gateway " + ipv4_text(gateway);
  for (const auto& server : dns) out += " dns " + ipv4_text(server);
  if (mtu != 0) out += " mtu " + std::to_string(mtu);
  return out + " (" + source + ")";
}

Result<NetworkUp> bring_up_network(const NetworkOptions& options, const Clock& clock) {
  auto netlink = Rtnetlink::open();
  if (!netlink) return netlink.error();
  return BringUp(options, clock, std::move(*netlink)).run();
}

void take_down_network(const NetworkUp& up) {
  auto netlink = Rtnetlink::open();
  if (!netlink || up.interface.empty()) return;
  const auto links = netlink->links();
  if (!links) return;
  for (const auto& link : *links) {
    if (link.name != up.interface) continue;
    // Gone already is as good.
    (void)netlink->remove_address(link.index, up.address, up.prefix).ok();
  }
}

}  // namespace phase::boot
