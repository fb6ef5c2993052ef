// node/network_options.h
// The options about the network and trust that several verbs of plasmd share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "boot/mode_policy.h"
#include "node/serve.h"
#include "proto/endpoint.h"
#include "proto/trust.h"

namespace CLI {
class App;
}

namespace phase::node {

struct NetworkArguments {
  std::vector<std::string> bootstrap{"default"};
  std::string network = "auto";
  bool no_dht = false, no_lan = false;
  std::string mode = "internet", proxy;
};
void add_network_options(CLI::App& verb, NetworkArguments& arguments);
/// --mode and, for verbs that only fetch, --mode private and --proxy.
void add_mode_options(CLI::App& verb, NetworkArguments& arguments, bool fetches_only);

struct NetworkSettings {
  std::vector<std::string> bootstrap;  ///< "default" replaced by its nodes, "none" by nothing.
  NetworkChoice kind = NetworkChoice::kAuto;
  bool use_dht = true;
  bool use_lan = true;
  boot::Mode mode = boot::Mode::kInternet;
  std::optional<Endpoint> proxy;
};
/// kUsage.
[[nodiscard]] Result<NetworkSettings> parse_network(const NetworkArguments& arguments);

/// A public key itself, a .pub file of ours or minisign's, a root document or a trust file. kConfig,
/// kUsage.
[[nodiscard]] Result<TrustPolicy> load_trust(const std::string& key_or_file);

}  // namespace phase::node
