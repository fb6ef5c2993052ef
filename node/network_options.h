// node/network_options.h
// The options about the network and trust that several verbs of plasmd share.
#pragma once

#include <string>
#include <vector>

#include "node/serve.h"
#include "proto/trust.h"

namespace CLI {
class App;
}

namespace phase::node {

struct NetworkArguments {
  std::vector<std::string> bootstrap{"default"};
  std::string network = "auto";
  bool no_dht = false;
};
void add_network_options(CLI::App& verb, NetworkArguments& arguments);

struct NetworkSettings {
  std::vector<std::string> bootstrap;  ///< "default" replaced by its nodes, "none" by nothing.
  NetworkChoice kind = NetworkChoice::kAuto;
  bool use_dht = true;
};
/// kUsage.
[[nodiscard]] Result<NetworkSettings> parse_network(const NetworkArguments& arguments);

/// A public key itself, a .pub file of ours or minisign's, or a trust file. kConfig, kUsage.
[[nodiscard]] Result<TrustPolicy> load_trust(const std::string& key_or_file);

}  // namespace phase::node
