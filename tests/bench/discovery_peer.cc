#include "tests/bench/discovery_peer.h"

#include <algorithm>
#include <functional>
#include <libtorrent/alert_types.hpp>
#include <libtorrent/bencode.hpp>
#include <libtorrent/session.hpp>
#include <libtorrent/session_params.hpp>
#include <libtorrent/session_stats.hpp>

#include "tests/integration/in_network.h"

namespace phase::bench {
namespace {

namespace lt = libtorrent;
using lt_settings = lt::settings_pack;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kAgain{200};
constexpr milliseconds kGiveNodesAgain{600};
constexpr milliseconds kCount{20};

lt_settings settings(const std::string& address) {
  lt_settings s;
  s.set_str(lt_settings::listen_interfaces, address + ":0");
  for (const int off : {lt_settings::enable_lsd, lt_settings::enable_upnp,
                        lt_settings::enable_natpmp, lt_settings::enable_dht,
                        lt_settings::dht_restrict_routing_ips, lt_settings::dht_restrict_search_ips,
                        lt_settings::dht_prefer_verified_node_ids,
                        lt_settings::dht_ignore_dark_internet}) {
    s.set_bool(off, false);
  }
  s.set_bool(lt_settings::dht_read_only, true);
  s.set_str(lt_settings::dht_bootstrap_nodes, "");
  s.set_int(lt_settings::alert_mask,
            static_cast<int>(static_cast<std::uint32_t>(
                lt::alert_category::status | lt::alert_category::dht |
                lt::alert_category::dht_operation)));
  return s;
}

lt::session_params params(const FarDht& world, const std::vector<Endpoint>& nodes) {
  lt::session_params out(settings(world.client().address));
  for (const Endpoint& node : nodes) {
    out.dht_state.nodes.emplace_back(lt::make_address(node.host()), node.port);
  }
  return out;
}

class Search {
 public:
  Search(const FarDht& world, int run)
      : world_(world), nodes_(world.client_nodes(run)), session_(params(world, nodes_)) {
    std::copy(world.key().bytes.begin(), world.key().bytes.end(), key_.begin());
  }

  /// Until `take` is true of an alert; `ask` is repeated.
  bool run_until(milliseconds patience, const std::function<void()>& ask,
                 const std::function<bool(const lt::alert&)>& take) {
    const auto end = steady_clock::now() + patience;
    auto next_ask = steady_clock::now();
    while (steady_clock::now() < end) {
      if (known_ > 0 && steady_clock::now() >= next_ask) {
        ask();
        next_ask = steady_clock::now() + kAgain;
      }
      join();
      session_.wait_for_alert(kCount);
      std::vector<lt::alert*> alerts;
      session_.pop_alerts(&alerts);
      for (const auto* alert : alerts) {
        watch(*alert);
        if (take(*alert)) return true;
      }
    }
    return false;
  }

  void ask_for_item() {
    for (const std::string& salt : world_.salts()) session_.dht_get_item(key_, salt);
  }
  void ask_for_peers() {
    session_.dht_get_peers(lt::sha1_hash(hash_text(world_.infohashes().v1)));
    session_.dht_get_peers(lt::sha1_hash(hash_text(world_.infohashes().v2)));
  }

 private:
  template <class Hash>
  static const char* hash_text(const Hash& hash) {
    return reinterpret_cast<const char*>(hash.data());
  }
  void join() {
    const auto now = steady_clock::now();
    if (!on_ || known_ > 0) return;
    if (now >= next_count_) {
      session_.post_session_stats();
      next_count_ = now + kCount;
    }
    if (now < next_nodes_) return;
    for (const Endpoint& node : nodes_) session_.add_dht_node({node.host(), node.port});
    next_nodes_ = now + kGiveNodesAgain;
  }
  void watch(const lt::alert& alert) {
    const auto* listens = lt::alert_cast<lt::listen_succeeded_alert>(&alert);
    if (!on_ && listens != nullptr && listens->socket_type == lt::socket_type_t::utp &&
        !listens->address.is_loopback()) {
      lt_settings on;
      on.set_bool(lt_settings::enable_dht, true);
      session_.apply_settings(on);
      on_ = true;
      next_nodes_ = steady_clock::now() + kGiveNodesAgain;
    }
    if (const auto* counters = lt::alert_cast<lt::session_stats_alert>(&alert)) {
      known_ = counters->counters()[lt::find_metric_idx("dht.dht_nodes")];
    }
  }

  const FarDht& world_;
  std::vector<Endpoint> nodes_;
  lt::session session_;
  std::array<char, 32> key_{};
  bool on_ = false;
  std::int64_t known_ = 0;
  steady_clock::time_point next_count_{}, next_nodes_{};
};

bool holds_item(const lt::alert& alert) {
  const auto* item = lt::alert_cast<lt::dht_mutable_item_alert>(&alert);
  return item != nullptr && item->item.type() != lt::entry::undefined_t;
}

}  // namespace

FarFound look_by_libtorrent(const FarDht& world, int run, milliseconds patience) {
  const InNetwork there(world.client());
  const auto began = steady_clock::now();
  const auto since = [&] {
    return std::chrono::duration<double>(steady_clock::now() - began).count();
  };
  FarFound out;
  Search search(world, run);
  // Only what the key has signed comes out of libtorrent.
  if (!search.run_until(patience, [&] { search.ask_for_item(); }, holds_item)) return out;
  out.pointer = since();
  const auto names_provider = [&](const lt::alert& alert) {
    const auto* reply = lt::alert_cast<lt::dht_get_peers_reply_alert>(&alert);
    if (reply == nullptr) return false;
    const auto peers = reply->peers();
    return std::any_of(peers.begin(), peers.end(), [&](const auto& peer) {
      return peer.port() == world.provider().port &&
             peer.address() == lt::make_address(world.provider().host());
    });
  };
  if (search.run_until(patience, [&] { search.ask_for_peers(); }, names_provider)) {
    out.provider = since();
  }
  return out;
}

}  // namespace phase::bench
