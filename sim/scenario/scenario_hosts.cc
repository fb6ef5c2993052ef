#include <algorithm>
#include <map>
#include <set>

#include "proto/nearest.h"
#include "sim/scenario/names.h"
#include "sim/scenario/scenario_file.h"
#include "sim/scenario/scenario_parts.h"
#include "sim/scenario/schedule.h"

namespace phase::sim {
namespace {

constexpr std::size_t kMaxLans = 50;
constexpr std::size_t kMaxTables = 1000;
constexpr std::size_t kMaxName = 9;
constexpr std::size_t kMaxLanName = 8;
/// Of an interface, and of a network namespace (sim/network.h).
constexpr std::size_t kMaxFullName = 12;
constexpr std::uint64_t kMaxOfLan = 200;
constexpr std::chrono::seconds kMaxDelay{10};
constexpr std::uint64_t kMib = 1 << 20;
constexpr std::array<std::string_view, 2> kStarts{"begin", "later"};

void read_lans(const TomlTable& top, Scenario& scenario, Problem& problem) {
  for (const TomlTable* table : tables_of(top, "lan", kMaxLans, problem)) {
    const Fields fields(*table, "[[lan]]", {"name", "uplink"}, problem);
    LanChoice lan;
    fields.need("name");
    lan.name = fields.name("name", kMaxLanName);
    lan.uplink = fields.rate("uplink");
    const bool twice = std::any_of(scenario.lans.begin(), scenario.lans.end(),
                                   [&](const LanChoice& one) { return one.name == lan.name; });
    if (twice) fields.refuse("name", "there are two LANs '" + lan.name + "'");
    scenario.lans.push_back(std::move(lan));
  }
}

std::string read_lan_of(const Fields& fields, const Scenario& scenario) {
  std::vector<std::string_view> known;
  for (const LanChoice& lan : scenario.lans) known.emplace_back(lan.name);
  const auto name = fields.text("lan", kMaxLanName + 1);
  if (!fields.has("lan") || std::find(known.begin(), known.end(), name) != known.end()) return name;
  fields.refuse("lan", "no [[lan]] is called '" + name + "'" + did_you_mean(name, known));
  return {};
}

/// What only some roles have.
void check_role(const Fields& fields, const HostChoice& host, const Scenario& scenario) {
  const bool machine = host.role == HostRole::kMachine;
  const bool hostile = host.role == HostRole::kHostile;
  if (host.kind == HostKind::kQemu) {
    if (!machine && host.role != HostRole::kProvider) {
      fields.refuse("kind", "only machines and providers can be \"qemu\"; a " +
                                role_name(host.role) + " is a process");
    }
    if (!scenario.real_kernel) {
      fields.refuse("kind", "\"qemu\" needs image = \"packaged kernel\" in [release]");
    }
  }
  fields.only_where(host.kind == HostKind::kQemu, "memory", "only where kind = \"qemu\"");
  fields.only_where(machine, "serves", "only of role \"machine\"");
  fields.only_where(!machine, "start", "machines are switched on by a step");
  fields.only_where(hostile, "attack", "only of role \"hostile\"");
  if (hostile) fields.need("attack");
  if (host.attack.starts_with("lan ") && host.lan.empty()) {
    fields.refuse("attack", "\"" + host.attack + "\" needs 'lan'");
  }
  if (host.role == HostRole::kPublisher && host.count != 1) {
    fields.refuse("count", "there is one publisher");
  }
}

HostChoice read_host(const Fields& fields, const Scenario& scenario) {
  HostChoice host;
  fields.need("name");
  fields.need("role");
  host.name = fields.name("name", kMaxName);
  host.role = static_cast<HostRole>(
      fields.word("role", kRoleNames, static_cast<std::size_t>(HostRole::kDhtNode)));
  host.kind = static_cast<HostKind>(fields.word("kind", kKindNames, 0));
  host.count = static_cast<std::uint32_t>(fields.number("count", 1, kMaxHosts, 1));
  host.lan = read_lan_of(fields, scenario);
  host.link.rate = fields.rate("rate");
  host.link.path.delay = fields.duration("delay", kMaxDelay);
  host.link.path.jitter = fields.duration("jitter", kMaxDelay);
  host.link.path.loss = fields.share("loss", 0);
  const auto attacks = attack_names();
  if (fields.has("attack")) host.attack = attacks[fields.word("attack", attacks, 0)];
  host.memory_mib = fields.size("memory", 64 * kMib, 64 * 1024 * kMib, 512 * kMib) / kMib;
  host.from_start = host.role != HostRole::kMachine && fields.word("start", kStarts, 0) == 0;
  host.serves = fields.flag("serves", true);
  if (host.count > 1 && !host.name.empty() && host.name.back() >= '0' && host.name.back() <= '9') {
    fields.refuse("name", "'" + host.name + "' is followed by a number, so it ends in none itself");
  }
  if (host.count > 1 && host.name.size() + std::to_string(host.count).size() > kMaxFullName) {
    fields.refuse("name", "with the number behind it, over " + std::to_string(kMaxFullName) +
                              " characters");
  }
  check_role(fields, host, scenario);
  return host;
}

void check_names(const Scenario& scenario, Problem& problem, const std::vector<std::uint32_t>& lines) {
  std::set<std::string> seen;
  std::map<std::string, std::uint64_t> in_lan;
  for (std::size_t i = 0; i < scenario.hosts.size(); ++i) {
    for (auto& name : host_names(scenario.hosts[i])) {
      const auto [at, added] = seen.insert(std::move(name));
      if (!added) return problem.at(lines[i], "there are two hosts '" + *at + "'");
    }
    const auto& lan = scenario.hosts[i].lan;
    if (!lan.empty() && (in_lan[lan] += scenario.hosts[i].count) > kMaxOfLan) {
      return problem.at(lines[i], "over " + std::to_string(kMaxOfLan) + " hosts in LAN '" + lan + "'");
    }
  }
}

}  // namespace

void read_hosts(const TomlTable& top, Scenario& scenario, Problem& problem) {
  read_lans(top, scenario, problem);
  std::vector<std::uint32_t> lines;
  std::uint64_t hosts = 0;
  std::size_t publishers = 0;
  for (const TomlTable* table : tables_of(top, "host", kMaxTables, problem)) {
    const Fields fields(*table, "[[host]]",
                        {"name", "role", "count", "kind", "lan", "rate", "delay", "jitter", "loss",
                         "memory", "attack", "start", "serves"},
                        problem);
    lines.push_back(table->line);
    scenario.hosts.push_back(read_host(fields, scenario));
    hosts += scenario.hosts.back().count;
    if (hosts > kMaxHosts) {
      return fields.refuse("count", "over " + std::to_string(kMaxHosts) + " hosts in all");
    }
    if (scenario.hosts.back().role == HostRole::kPublisher && ++publishers > 1) {
      fields.refuse("role", "a second publisher; there is exactly one");
    }
  }
  if (problem.first()) return;
  if (publishers == 0) problem.at(1, "no [[host]] has the role \"publisher\"");
  check_names(scenario, problem, lines);
}

std::vector<std::string> read_who(const Fields& fields, std::string_view key,
                                  const Scenario& scenario,
                                  const std::function<bool(const HostChoice*)>& fits,
                                  const std::string& expected) {
  constexpr std::string_view kLan = "lan:";
  auto names = fields.names(key);
  std::vector<std::string> known;
  for (const HostChoice& host : scenario.hosts) {
    known.push_back(host.count > 1 ? host.name + "*" : host.name);
  }
  for (const LanChoice& lan : scenario.lans) known.push_back(std::string(kLan) + lan.name);
  for (const std::string& name : names) {
    const HostChoice* host = find_host(scenario, name);
    const bool lan = name.starts_with(kLan) &&
                     std::find(known.begin(), known.end(), name) != known.end();
    if (host == nullptr && !lan) {
      const std::vector<std::string_view> views(known.begin(), known.end());
      fields.refuse(key, "nothing is called '" + name + "'" + did_you_mean(name, views));
    } else if (!fits(host)) {
      fields.refuse(key, "'" + name + "' is " +
                             (host == nullptr ? std::string("a LAN")
                                              : "of role \"" + role_name(host->role) + "\"") +
                             "; expected " + expected);
    }
  }
  return names;
}

}  // namespace phase::sim
