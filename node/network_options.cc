#include "node/network_options.h"

#include <CLI/CLI.hpp>

#include "dht/resolve.h"
#include "node/files.h"
#include "proto/root_chain.h"

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
  verb.add_flag("--no-lan", arguments.no_lan, "Neither ask nor tell nodes on the link (DNS-SD)");
}

void add_mode_options(CLI::App& verb, NetworkArguments& arguments, bool fetches_only) {
  auto* mode = verb.add_option("--mode", arguments.mode,
                               fetches_only
                                   ? "internet; local: nothing but the link; private: tells nothing"
                                   : "internet; local: speaks to nobody but the link")
                   ->capture_default_str();
  if (!fetches_only) {
    mode->check(CLI::IsMember({"internet", "local"}));
    return;
  }
  mode->check(CLI::IsMember({"internet", "local", "private"}));
  verb.add_option("--proxy", arguments.proxy,
                  "socks5://ADDRESS:PORT for HTTP and peers; the DHT is off then");
}

Result<NetworkSettings> parse_network(const NetworkArguments& arguments) {
  NetworkSettings settings;
  settings.mode = boot::mode_of(arguments.mode).value_or(boot::Mode::kInternet);
  const boot::ModePolicy& policy = boot::policy_of(settings.mode);
  settings.use_lan = !arguments.no_lan && policy.lan;
  if (!arguments.proxy.empty()) {
    constexpr std::string_view kScheme = "socks5://";
    const bool right = std::string_view(arguments.proxy).starts_with(kScheme);
    if (right) settings.proxy = parse_endpoint(arguments.proxy.substr(kScheme.size()));
    if (!settings.proxy) {
      return Error{ErrorCode::kUsage, "--proxy " + arguments.proxy +
                                          ": expected socks5://ADDRESS:PORT, no name"};
    }
  }
  settings.use_dht = !arguments.no_dht && policy.dht && !settings.proxy;
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
  // Named by a person, like a key: who signed it is not asked.
  if (auto root = decode_signed_root(*text)) {
    TrustPolicy policy;
    policy.root = std::move(root->document);
    policy.root_document = std::move(*text);
    return policy;
  }
  auto policy = parse_trust_file(as_text(*text));
  if (!policy) return policy.error().in(key_or_file);
  return policy;
}

}  // namespace phase::node
