#include "sim/scenario/run_site.h"

#include <algorithm>
#include <cstdio>

namespace phase::sim {
namespace {

constexpr const char* kDhcpServer = "sim-dhcp";  // Too long for a scenario's name.
constexpr const char* kDhcpAddress = "10.77.0.1";
constexpr const char* kLanPrefix = "lan:";
constexpr int kFirstInLan = 10;
/// More than that fill the kernel's table of neighbours (Network::introduce_hosts).
constexpr int kStrangersAtMost = 20;

std::string mac_of(int machine) {
  char text[18];
  std::snprintf(text, sizeof text, "52:54:00:77:%02x:%02x", (machine >> 8) & 0xff, machine & 0xff);
  return text;
}

}  // namespace

Result<std::unique_ptr<RunSite>> RunSite::build(const Scenario& scenario, const Schedule& schedule,
                                                const std::string& logs) {
  std::unique_ptr<RunSite> site{new RunSite(scenario)};
  auto network = Network::create();
  if (!network) return network.error();
  site->network_ = std::move(*network);
  if (auto added = site->add_lans(); !added) return added.error();
  for (const DrawnHost& drawn : schedule.hosts) {
    if (auto added = site->add_host(drawn); !added) return added.error();
  }
  if (site->switch_hosts_ > kStrangersAtMost) {
    if (auto introduced = site->network_->introduce_hosts(); !introduced) return introduced.error();
  }
  if (auto started = site->start_dhcp(logs); !started) return started.error();
  return site;
}

Result<void> RunSite::add_lans() {
  for (const LanChoice& choice : scenario_.lans) {
    auto lan = network_->add_lan(choice.name, choice.uplink);
    if (!lan) return lan.error();
    names_[lan->uplink_address] = kLanPrefix + choice.name;
    lans_[choice.name] = *lan;
  }
  return {};
}

Result<void> RunSite::add_host(const DrawnHost& drawn) {
  SiteHost host;
  host.choice = &scenario_.hosts.at(drawn.choice);
  host.own_seed = drawn.own_seed;
  RecordedHost& record = host.record;
  record.name = drawn.name;
  record.group = host.choice->name;
  record.lan = host.choice->lan;
  record.role = host.choice->role;
  record.kind = host.choice->kind;
  record.link = host.choice->link;
  const bool machine = record.kind == HostKind::kQemu;
  if (!record.lan.empty()) {
    const int number = kFirstInLan + lan_hosts_[record.lan]++;
    if (number > 250) return {ErrorCode::kUsage, "LAN " + record.lan + ": at most 241 hosts"};
    record.address = lans_.at(record.lan).address(number);
  } else {
    const int number = machine ? switch_machines_++ : switch_hosts_++;
    const int block = number / 250 + (machine ? 180 : 1);
    record.address = "10.77." + std::to_string(block) + "." + std::to_string(number % 250 + 1);
  }
  if (machine) host.mac = mac_of(++machines_);
  Path path = record.link.path;
  path.rng_seed = drawn.link_seed;
  if (auto added = add_cable(host, path); !added) return added;
  names_[record.address] = record.name;
  hosts_.push_back(std::move(host));
  return {};
}

Result<void> RunSite::add_cable(SiteHost& host, const Path& path) {
  const RecordedHost& record = host.record;
  const Lan* lan = record.lan.empty() ? nullptr : &lans_.at(record.lan);
  if (record.kind == HostKind::kQemu) {
    const std::string name = "t-" + record.name;
    auto tap = lan != nullptr ? network_->add_tap(*lan, name, record.link.rate)
                              : network_->add_tap(name, record.link.rate);
    if (!tap) return tap.error();
    host.cable = *tap;
    return {};
  }
  const int number = lan == nullptr ? 0 : kFirstInLan + lan_hosts_.at(record.lan) - 1;
  auto added = lan != nullptr ? network_->add_host(*lan, record.name, number, record.link.rate, path)
                              : network_->add_host(record.name, record.address, record.link.rate, path);
  if (!added) return added.error();
  host.cable = added->name;
  return {};
}

Result<void> RunSite::start_dhcp(const std::string& logs) {
  std::map<std::string, std::vector<Reservation>> reservations;  // By LAN; empty: the switch.
  for (const SiteHost& host : hosts_) {
    if (!host.mac.empty()) reservations[host.record.lan].push_back({host.mac, host.record.address});
  }
  for (const auto& [lan, machines] : reservations) {
    Result<std::unique_ptr<Process>> server = Error{ErrorCode::kInternal, "not started"};
    if (lan.empty()) {
      auto host = network_->add_host(kDhcpServer, kDhcpAddress);
      if (!host) return host.error();
      server = network_->start_dhcp(*host, "10.77.190.1", "10.77.190.250", logs, machines);
    } else {
      LanServiceOptions options;
      options.reservations = machines;
      server = network_->start_services(lans_.at(lan), options, logs);
    }
    if (!server) return server.error();
    services_.push_back(std::move(*server));
  }
  return {};
}

Result<void> RunSite::set_plugged(const std::string& name, bool plugged) {
  if (name.starts_with(kLanPrefix)) {
    return network_->set_uplink_plugged(lans_.at(name.substr(4)), plugged);
  }
  const auto host = std::find_if(hosts_.begin(), hosts_.end(),
                                 [&](const SiteHost& one) { return one.record.name == name; });
  check(host != hosts_.end(), "the host is one of the site");
  if (!host->mac.empty()) return network_->set_tap_plugged(host->cable, plugged);
  Host cable;
  cable.name = host->cable;
  return network_->set_plugged(cable, plugged);
}

Result<void> RunSite::partition(const std::vector<std::vector<std::string>>& names) {
  std::vector<std::vector<std::string>> groups;
  for (const auto& group : names) {
    auto& cables = groups.emplace_back();
    for (const SiteHost& host : hosts_) {
      const bool named = std::find(group.begin(), group.end(), host.record.name) != group.end();
      if (named) cables.push_back(host.cable);
    }
    for (const auto& name : group) {
      if (name.starts_with(kLanPrefix)) cables.push_back(name.substr(4));
    }
  }
  return network_->partition(groups);
}

Result<void> RunSite::count(RunRecord& record) const {
  const auto links = network_->link_bytes();
  if (!links) return links.error();
  for (const SiteHost& host : hosts_) {
    const auto counted = links->find(host.cable);
    if (counted == links->end()) continue;
    record.interface_sent[host.record.name] = counted->second.sent;
    record.interface_received[host.record.name] = counted->second.received;
  }
  for (const auto& [name, lan] : lans_) {
    const auto bytes = Network::uplink_bytes(lan);
    if (!bytes) return bytes.error();
    record.uplinks[name] = *bytes;
  }
  return {};
}

std::string RunSite::name_of(const std::string& address) const {
  std::string bare = address;
  if (const auto scheme = bare.find("://"); scheme != std::string::npos) bare.erase(0, scheme + 3);
  if (const auto port = bare.find_first_of(":/"); port != std::string::npos) bare.erase(port);
  const auto name = names_.find(bare);
  return name == names_.end() ? address : name->second;
}

}  // namespace phase::sim
