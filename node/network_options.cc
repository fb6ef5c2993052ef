#include "node/network_options.h"

#include <CLI/CLI.hpp>

#include "dht/resolve.h"
#include "node/files.h"

namespace phase::node {
namespace {

constexpr std::size_t kMaxTrustBytes = 64 * 1024;

}  // namespace

void add_network_options(CLI::App& verb, NetworkArguments& arguments) {
  verb.add_option("--bootstrap", arguments.bootstrap,
                  "DHT node to begin with: HOST:PORT, 'default' (the public network) or 'none'; "
                  "may be given several times")
      ->capture_default_str();
  verb.add_option("--dht-network", arguments.network,
                  "auto, public or private; auto is private where all bootstrap nodes have "
                  "private addresses")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "public", "private"}));
  verb.add_flag("--no-dht", arguments.no_dht, "Neither ask nor join the DHT");
}

Result<NetworkSettings> parse_network(const NetworkArguments& arguments) {
  NetworkSettings settings;
  settings.use_dht = !arguments.no_dht;
  if (arguments.network == "public") settings.kind = NetworkChoice::kPublic;
  if (arguments.network == "private") settings.kind = NetworkChoice::kPrivate;
  for (const std::string& one : arguments.bootstrap) {
    if (one == "none") continue;
    if (one == "default") {
      const auto& nodes = dht::default_bootstrap();
      settings.bootstrap.insert(settings.bootstrap.end(), nodes.begin(), nodes.end());
    } else {
      settings.bootstrap.push_back(one);
    }
  }
  if (!settings.use_dht) settings.bootstrap.clear();
  return settings;
}

Result<TrustPolicy> load_trust(const std::string& key_or_file) {
  if (auto key = parse_public_key(key_or_file)) return trust_single_key(*key);
  auto text = real_files().read_file(key_or_file, kMaxTrustBytes);
  if (!text) {
    return Error{ErrorCode::kConfig, "--trust " + key_or_file +
                                         " is neither a public key nor a file that can be read: " +
                                         text.error().detail};
  }
  if (auto key = parse_public_key(as_text(*text))) return trust_single_key(*key);
  auto policy = parse_trust_file(as_text(*text));
  if (!policy) return policy.error().in(key_or_file);
  return policy;
}

}  // namespace phase::node
