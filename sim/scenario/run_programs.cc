#include "sim/scenario/run_programs.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "proto/keys.h"
#include "sim/world.h"

namespace phase::sim {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPort = ":6881";
constexpr std::size_t kKnownNodes = 8;  // A full bucket.
/// plasmd's own pause between two looks for a newer release.
constexpr std::int64_t kLookSeconds = 60;

std::vector<std::string> with_bootstrap(const RunContext& context, const SiteHost& host,
                                        std::vector<std::string> argv) {
  for (const auto& node : context.bootstrap) argv.insert(argv.end(), {"--bootstrap", node});
  // One switch stands for the internet: nobody there hears another's multicast.
  if (host.record.lan.empty()) argv.emplace_back("--no-lan");
  return argv;
}

/// Torrent name in the publisher's store; `older`: of the one before the newest.
Result<std::string> release_name(const RunContext& context, bool older) {
  std::vector<std::pair<std::uint64_t, std::string>> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(context.publisher_store + "/releases", error)) {
    const std::string name = entry.path().filename().string();
    // phase-<channel>-<arch>-<version>-<8 hex>
    const auto end = name.rfind('-');
    const auto begin = end == std::string::npos ? end : name.rfind('-', end - 1);
    if (begin == std::string::npos) continue;
    found.emplace_back(std::strtoull(name.c_str() + begin + 1, nullptr, 10), name);
  }
  std::sort(found.rbegin(), found.rend());
  const std::size_t wanted = older ? 1 : 0;
  if (found.size() <= wanted) {
    return Error{ErrorCode::kUsage, older ? "this attack needs an older release: publish twice before"
                                          : "nothing is published yet"};
  }
  return found[wanted].second;
}

Result<std::vector<std::string>> peer_attack(const RunContext& context, const SiteHost& host,
                                             const std::string& kind) {
  const auto name = release_name(context, false);
  if (!name) return name.error();
  const std::string& store = context.publisher_store;
  std::vector<std::string> argv = {"phase-hostile-peer", "--kind", kind,
                                   "--torrent", store + "/torrents/" + *name + ".torrent",
                                   "--folder", store + "/releases/" + *name,
                                   "--listen", host.record.address + kPort};
  if (kind == "swap" || kind == "replay") {
    const auto other = release_name(context, true);
    if (!other) return other.error();
    argv.insert(argv.end(), {"--other-torrent", store + "/torrents/" + *other + ".torrent",
                             "--other-folder", store + "/releases/" + *other});
  }
  if (kind == "pex-bystander") argv.insert(argv.end(), {"--bystander", "10.77.250.1"});
  return argv;
}

Result<std::vector<std::string>> dht_attack(const RunContext& context, const SiteHost& host,
                                            const std::string& kind) {
  std::vector<std::string> argv = {"phase-hostile-dht", "--public-key",
                                   context.release.kit().public_key, "--listen",
                                   host.record.address + ":7000"};
  if (kind == "bogus") {
    const auto name = release_name(context, false);
    if (!name) return name.error();
    argv.insert(argv.end(), {"--bogus", "3000", "--bogus-network", "10.99.0.0"});
    std::ifstream hashes(context.scratch + "/infohashes");
    for (std::string hash; hashes >> hash;) argv.insert(argv.end(), {"--target", hash.substr(0, 40)});
    return argv;
  }
  if (kind != "replay" && kind != "forge") {
    return Error{ErrorCode::kUsage, "attack \"dht " + kind + "\": no such kind"};
  }
  if (context.older_items.empty()) {
    return Error{ErrorCode::kUsage, "attack \"dht " + kind + "\" needs an older release: publish before"};
  }
  for (const auto& items : context.older_items) argv.insert(argv.end(), {"--items", items});
  if (kind == "forge") argv.emplace_back("--forge");
  return argv;
}

Result<std::vector<std::string>> lan_attack(const RunContext& context, const SiteHost& host,
                                            const std::string& kind) {
  const auto key = parse_public_key(context.release.kit().public_key);
  if (!key) return key.error();
  return std::vector<std::string>{
      "phase-hostile-lan", "--kind", kind, "--listen", host.record.address + kPort, "--release",
      key->id() + "/" + kChannel + "/" + kArch + "/" + std::to_string(context.release.newest())};
}

}  // namespace

std::string store_of(const RunContext& context, const SiteHost& host) {
  return context.scratch + "/hosts/" + host.record.name;
}

std::vector<std::string> dht_node_command(const RunContext& context, const SiteHost& host) {
  std::vector<std::string> argv = {"phase-dht-nodes", "--listen", host.record.address + kPort};
  const std::string own = host.record.address + kPort;
  for (const auto& node : context.bootstrap) {
    if (node != own) argv.insert(argv.end(), {"--bootstrap", node});
  }
  const auto& hosts = context.site.hosts();
  const auto nodes = static_cast<std::size_t>(
      std::count_if(hosts.begin(), hosts.end(), [](const SiteHost& one) {
        return one.record.role == HostRole::kDhtNode && one.choice->from_start;
      }));
  // Half of the others at most: some may be away when it comes back.
  const std::size_t known = std::clamp<std::size_t>(nodes / 2, 1, kKnownNodes);
  argv.insert(argv.end(), {"--known", std::to_string(known)});
  const auto lifetime = std::chrono::duration_cast<std::chrono::seconds>(context.scenario.item_lifetime).count();
  if (lifetime != 0) {
    argv.insert(argv.end(), {"--item-lifetime", std::to_string(lifetime), "--peer-lifetime",
                             std::to_string(lifetime)});
  }
  return argv;
}

std::vector<std::string> node_command(const RunContext& context, const SiteHost& host) {
  std::vector<std::string> argv = {"plasmd", "serve", "-a", store_of(context, host), "-p", "8080"};
  if (host.record.role != HostRole::kPublisher) {
    argv.insert(argv.end(), {"--follow", context.release.follow()});
  }
  const auto interval = std::chrono::duration_cast<std::chrono::seconds>(context.scenario.put_interval).count();
  if (interval != 0) {
    argv.insert(argv.end(), {"--put-interval", std::to_string(interval), "--follow-interval",
                             std::to_string(std::min<std::int64_t>(interval, kLookSeconds))});
  }
  return with_bootstrap(context, host, std::move(argv));
}

std::vector<std::string> mirror_command(const RunContext& context, const SiteHost& host) {
  return {"plasmd", "serve", "-a", store_of(context, host), "-p", "8080", "--no-dht", "--no-lan"};
}

std::vector<std::string> fetch_command(const RunContext& context, const SiteHost& host) {
  std::vector<std::string> argv = {"plasmd", "fetch", "--trust", context.release.kit().public_key,
                                   "--channel", kChannel, "--arch", kArch, "--out",
                                   store_of(context, host) + "/incoming", "--json"};
  for (const auto& mirror : context.mirrors) argv.insert(argv.end(), {"--provider", mirror});
  return with_bootstrap(context, host, std::move(argv));
}

Result<std::vector<std::string>> hostile_command(const RunContext& context, const SiteHost& host) {
  std::istringstream words(host.choice->attack);
  std::string program, kind;
  words >> program >> kind;
  Result<std::vector<std::string>> argv =
      Error{ErrorCode::kUsage, "attack \"" + host.choice->attack + "\": no such attack"};
  if (program == "peer") argv = peer_attack(context, host, kind);
  if (program == "dht") argv = dht_attack(context, host, kind);
  if (program == "lan") argv = lan_attack(context, host, kind);
  if (!argv) return argv;
  if (program != "lan") {
    for (const auto& node : context.bootstrap) argv->insert(argv->end(), {"--bootstrap", node});
  }
  argv->insert(argv->end(), {"--rng-seed", std::to_string(host.own_seed % 1'000'000'007)});
  return argv;
}

std::string kernel_command_line(const RunContext& context) {
  std::string nodes;
  for (const auto& node : context.bootstrap) nodes += (nodes.empty() ? "" : ",") + node;
  return "console=ttyS0 panic=30 phase.mode=internet phase.key=" + context.release.kit().public_key +
         " phase.channel=" + kChannel + " phase.bootstrap=" + nodes;
}

}  // namespace phase::sim
