#include "dht/modes.h"

#include <algorithm>

namespace phase::dht {
namespace {

/// libtorrent's filter knows peers only; its DHT asks whomever an answer names, and
/// answers whoever asks. On the link, nodes are found by DNS-SD and asked by HTTP.
void without_dht(SessionOptions& options) {
  options.enable_dht = false;
  options.nodes.clear();
}

void on_the_link(SessionOptions& options) {
  without_dht(options);
  const auto& networks = options.only_on_link->networks();
  const auto ours = [&](const Endpoint& at) {
    return std::any_of(networks.begin(), networks.end(), [&](const OnLinkNetwork& network) {
      return network.address.v6 == at.v6 && network.address.address == at.address;
    });
  };
  if (options.listen.empty()) {
    for (const auto& network : networks) {
      options.listen.push_back(network.address);
      options.listen.back().port = options.port;
    }
  }
  std::erase_if(options.listen, [&](const Endpoint& at) { return !ours(at); });
}

}  // namespace

Result<SessionOptions> restricted(SessionOptions options) {
  if (options.only_on_link && options.socks5) {
    return {ErrorCode::kUsage,
            "a session that stays on its link takes no proxy: it would leave it"};
  }
  if (options.only_on_link) {
    on_the_link(options);
    if (options.listen.empty()) {
      return {ErrorCode::kNoInterface, "no network interface that is up has an address on a link"};
    }
  }
  // Peers would come in where a restriction lets nobody.
  if (options.only_on_link || options.socks5 || !options.incoming || options.anonymous) {
    options.follow_addresses = false;
  }
  if (options.socks5) {
    without_dht(options);
    options.incoming = false;
  }
  // On the link nobody beyond it is to come in, however that is said.
  if (options.only_on_link) options.map_ports = false;
  if (options.anonymous) {
    options.read_only_dht = true;
    options.incoming = false;
    options.peer_exchange = false;
    options.http_port = 0;
  }
  if (!options.incoming) options.map_ports = false;
  return options;
}

}  // namespace phase::dht
