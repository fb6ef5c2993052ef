// sim/stranger.cc
#include "sim/stranger.h"

#include <chrono>
#include <ctime>
#include <libtorrent/add_torrent_params.hpp>
#include <libtorrent/alert_types.hpp>
#include <libtorrent/extensions.hpp>
#include <libtorrent/kademlia/dht_storage.hpp>
#include <libtorrent/kademlia/types.hpp>
#include <libtorrent/peer_connection_handle.hpp>
#include <libtorrent/peer_request.hpp>
#include <libtorrent/posix_disk_io.hpp>
#include <libtorrent/session.hpp>
#include <libtorrent/session_params.hpp>
#include <libtorrent/session_stats.hpp>
#include <libtorrent/settings_pack.hpp>
#include <libtorrent/torrent_flags.hpp>
#include <libtorrent/torrent_info.hpp>
#include <map>
#include <optional>

namespace phase::sim {
namespace {

namespace lt = libtorrent;
using lt_settings = lt::settings_pack;
using std::chrono::milliseconds;
using std::chrono::seconds;

lt_settings private_network_settings(const Endpoint& at) {
  lt_settings s;
  s.set_str(lt_settings::listen_interfaces, at.text());
  s.set_int(lt_settings::max_retry_port_bind, 0);
  s.set_bool(lt_settings::listen_system_port_fallback, false);
  s.set_bool(lt_settings::enable_lsd, false);
  s.set_bool(lt_settings::enable_upnp, false);
  s.set_bool(lt_settings::enable_natpmp, false);
  s.set_bool(lt_settings::enable_ip_notifier, false);
  s.set_str(lt_settings::dht_bootstrap_nodes, "");
  s.set_bool(lt_settings::enable_dht, false);
  s.set_bool(lt_settings::enable_outgoing_utp, false);
  s.set_bool(lt_settings::allow_multiple_connections_per_ip, true);
  // All nodes have private addresses, and many of them the same one.
  s.set_bool(lt_settings::dht_restrict_routing_ips, false);
  s.set_bool(lt_settings::dht_restrict_search_ips, false);
  s.set_bool(lt_settings::dht_prefer_verified_node_ids, false);
  s.set_bool(lt_settings::dht_ignore_dark_internet, false);
  s.set_int(lt_settings::dht_block_ratelimit, 1000);
  s.set_int(lt_settings::dht_upload_rate_limit, 1000000);
  s.set_int(lt_settings::aio_threads, 1);
  s.set_int(lt_settings::hashing_threads, 1);
  s.set_int(lt_settings::alert_mask, static_cast<int>(static_cast<std::uint32_t>(
                                         lt::alert_category::error | lt::alert_category::status)));
  return s;
}

/// Empty while it is not known yet.
std::optional<Result<void>> listen_outcome(lt::session& session, const Endpoint& at) {
  std::vector<lt::alert*> alerts;
  session.pop_alerts(&alerts);
  for (const auto* alert : alerts) {
    if (const auto* failed = lt::alert_cast<lt::listen_failed_alert>(alert)) {
      const bool taken = failed->error == boost::system::errc::address_in_use;
      return Result<void>(taken ? ErrorCode::kPortInUse : ErrorCode::kNetwork,
                          at.text() + ": " + failed->error.message());
    }
    const auto* good = lt::alert_cast<lt::listen_succeeded_alert>(alert);
    // UDP comes after TCP, and the DHT needs UDP.
    if (good != nullptr && good->socket_type == lt::socket_type_t::utp) return Result<void>();
  }
  return std::nullopt;
}

std::string file_in(const lt::torrent_info& torrent, lt::file_index_t index) {
  return torrent.files().file_path(index).substr(torrent.name().size() + 1);
}

class WatchPeer final : public lt::peer_plugin {
 public:
  WatchPeer(std::shared_ptr<const lt::torrent_info> torrent, Stranger::OnSent on_sent)
      : torrent_(std::move(torrent)), on_sent_(std::move(on_sent)) {}
  void sent_piece(const lt::peer_request& request) override {
    // No piece of a hybrid torrent reaches over the end of a file.
    const auto file = torrent_->files().file_index_at_piece(request.piece);
    on_sent_(file_in(*torrent_, file), static_cast<std::uint64_t>(request.length));
  }

 private:
  std::shared_ptr<const lt::torrent_info> torrent_;
  Stranger::OnSent on_sent_;
};

class WatchPeers final : public lt::torrent_plugin {
 public:
  WatchPeers(std::shared_ptr<const lt::torrent_info> torrent, Stranger::OnSent on_sent)
      : torrent_(std::move(torrent)), on_sent_(std::move(on_sent)) {}
  std::shared_ptr<lt::peer_plugin> new_connection(const lt::peer_connection_handle&) override {
    return std::make_shared<WatchPeer>(torrent_, on_sent_);
  }

 private:
  std::shared_ptr<const lt::torrent_info> torrent_;
  Stranger::OnSent on_sent_;
};

/// libtorrent's own storage, whose lifetimes cannot be short (items 2 hours at least, peers 45
/// minutes): what was stored too long ago is not told any more.
class ForgetfulStorage final : public lt::dht::dht_storage_interface {
 public:
  ForgetfulStorage(std::unique_ptr<lt::dht::dht_storage_interface> kept, const DhtLifetimes& lifetimes)
      : kept_(std::move(kept)), lifetimes_(lifetimes) {}

#if TORRENT_ABI_VERSION == 1
  size_t num_torrents() const override { return kept_->num_torrents(); }
  size_t num_peers() const override { return kept_->num_peers(); }
#endif
  void update_node_ids(const std::vector<lt::sha1_hash>& ids) override { kept_->update_node_ids(ids); }
  bool get_peers(const lt::sha1_hash& infohash, bool noseed, bool scrape,
                 const lt::address& requester, lt::entry& reply) const override {
    const bool full = kept_->get_peers(infohash, noseed, scrape, requester, reply);
    auto* values = lifetimes_.peers.count() == 0 ? nullptr : reply.find_key("values");
    const auto known = peers_.find(infohash);
    if (values == nullptr || known == peers_.end()) return full;
    auto& list = values->list();
    std::erase_if(list, [&, now = Clock::now()](const lt::entry& compact) {
      const auto peer = known->second.find(compact.string());
      return peer == known->second.end() || now - peer->second > lifetimes_.peers;
    });
    if (list.empty()) reply.dict().erase("values");
    return full;
  }
  void announce_peer(const lt::sha1_hash& infohash, const lt::tcp::endpoint& at, lt::string_view name,
                     bool seed) override {
    std::string compact;
    if (at.address().is_v4()) {
      for (const auto byte : at.address().to_v4().to_bytes()) compact += static_cast<char>(byte);
      compact += static_cast<char>(at.port() >> 8);
      compact += static_cast<char>(at.port() & 0xff);
      peers_[infohash][compact] = Clock::now();
    }
    kept_->announce_peer(infohash, at, name, seed);
  }
  bool get_immutable_item(const lt::sha1_hash& target, lt::entry& item) const override {
    return fresh(target) && kept_->get_immutable_item(target, item);
  }
  void put_immutable_item(const lt::sha1_hash& target, lt::span<const char> bytes,
                          const lt::address& from) override {
    items_[target] = Clock::now();
    kept_->put_immutable_item(target, bytes, from);
  }
  bool get_mutable_item_seq(const lt::sha1_hash& target, lt::dht::sequence_number& seq) const override {
    return fresh(target) && kept_->get_mutable_item_seq(target, seq);
  }
  bool get_mutable_item(const lt::sha1_hash& target, lt::dht::sequence_number seq, bool force_fill,
                        lt::entry& item) const override {
    return fresh(target) && kept_->get_mutable_item(target, seq, force_fill, item);
  }
  void put_mutable_item(const lt::sha1_hash& target, lt::span<const char> bytes,
                        const lt::dht::signature& signature, lt::dht::sequence_number seq,
                        const lt::dht::public_key& key, lt::span<const char> salt,
                        const lt::address& from) override {
    items_[target] = Clock::now();
    kept_->put_mutable_item(target, bytes, signature, seq, key, salt, from);
  }
  int get_infohashes_sample(lt::entry& item) override { return kept_->get_infohashes_sample(item); }
  void tick() override { kept_->tick(); }
  [[nodiscard]] lt::dht::dht_storage_counters counters() const override { return kept_->counters(); }

 private:
  using Clock = std::chrono::steady_clock;
  [[nodiscard]] bool fresh(const lt::sha1_hash& target) const {
    if (lifetimes_.items.count() == 0) return true;
    const auto stored = items_.find(target);
    return stored != items_.end() && Clock::now() - stored->second <= lifetimes_.items;
  }

  std::unique_ptr<lt::dht::dht_storage_interface> kept_;
  DhtLifetimes lifetimes_;
  std::map<lt::sha1_hash, Clock::time_point> items_;  // When last put, by target.
  std::map<lt::sha1_hash, std::map<std::string, Clock::time_point>> peers_;  // By infohash, compact.
};

}  // namespace

struct Stranger::State {
  State(lt::session opened, std::uint16_t listen_port)
      : session(std::move(opened)), port(listen_port) {}
  lt::session session;
  std::uint16_t port;
  std::vector<lt::info_hash_t> served;
  std::optional<lt::session_proxy> ending;
};

Stranger::Stranger(std::unique_ptr<State> state) : state_(std::move(state)) {}
Stranger::Stranger(Stranger&&) noexcept = default;
Stranger& Stranger::operator=(Stranger&&) noexcept = default;
Stranger::~Stranger() = default;

Result<Stranger> Stranger::open(const Endpoint& at, const std::vector<Endpoint>& bootstrap,
                                const DhtLifetimes& lifetimes) {
  lt::session_params params(private_network_settings(at));
  if (lifetimes.items.count() != 0 || lifetimes.peers.count() != 0) {
    params.dht_storage_constructor = [lifetimes](const lt::settings_interface& settings) {
      return std::make_unique<ForgetfulStorage>(lt::dht::dht_default_storage_constructor(settings),
                                                lifetimes);
    };
  }
  params.disk_io_constructor = lt::posix_disk_io_constructor;
  for (const auto& node : bootstrap) {
    auto& nodes = node.v6 ? params.dht_state.nodes6 : params.dht_state.nodes;
    nodes.emplace_back(lt::make_address(node.host()), node.port);
  }
  lt::session session(std::move(params));
  const auto until = std::chrono::steady_clock::now() + seconds(5);
  std::optional<Result<void>> outcome;
  while (!outcome && std::chrono::steady_clock::now() < until) {
    session.wait_for_alert(milliseconds(100));
    outcome = listen_outcome(session, at);
  }
  if (!outcome) return {ErrorCode::kNetwork, at.text() + ": does not come to listen"};
  if (!outcome->ok()) return outcome->error();
  lt_settings on;
  on.set_bool(lt_settings::enable_dht, true);
  session.apply_settings(on);
  return Stranger(std::make_unique<State>(std::move(session), at.port));
}

void Stranger::begin_end() {
  state_->ending = state_->session.abort();
}

void Stranger::add_node(const Endpoint& node) {
  state_->session.add_dht_node({node.host(), node.port});
}

std::int64_t Stranger::known_nodes() {
  lt::session& session = state_->session;
  const int counter = lt::find_metric_idx("dht.dht_nodes");
  session.post_session_stats();
  const auto until = std::chrono::steady_clock::now() + seconds(5);
  while (counter >= 0 && std::chrono::steady_clock::now() < until) {
    session.wait_for_alert(milliseconds(100));
    std::vector<lt::alert*> alerts;
    session.pop_alerts(&alerts);
    for (const auto* alert : alerts) {
      const auto* counters = lt::alert_cast<lt::session_stats_alert>(alert);
      if (counters != nullptr) return counters->counters()[counter];
    }
  }
  return 0;
}

Result<void> Stranger::serve_unchecked(const std::string& torrent_file, const std::string& folder,
                                       OnSent on_sent) try {
  lt::add_torrent_params params;
  const auto torrent = std::make_shared<lt::torrent_info>(torrent_file);
  params.ti = torrent;
  params.save_path = folder;
  params.have_pieces.resize(torrent->num_pieces(), true);
  params.flags = lt::torrent_flags::no_verify_files;
  params.extensions.push_back([torrent, on_sent](const lt::torrent_handle&, lt::client_data_t) {
    return std::make_shared<WatchPeers>(torrent, on_sent);
  });
  state_->session.add_torrent(std::move(params));
  state_->served.push_back(torrent->info_hashes());
  return {};
} catch (const std::exception& failure) {
  return {ErrorCode::kStore, torrent_file + ": " + failure.what()};
}

void Stranger::announce() {
  for (const auto& hashes : state_->served) {
    state_->session.dht_announce(hashes.v1, state_->port);
    state_->session.dht_announce(lt::sha1_hash(hashes.v2.data()), state_->port);
  }
}

void Stranger::announce(const Sha1& infohash, std::uint16_t announced_port) {
  state_->session.dht_announce(lt::sha1_hash(reinterpret_cast<const char*>(infohash.data())),
                               announced_port);
}

Result<StrangerTorrent> list_torrent(const std::string& torrent_file) try {
  const lt::torrent_info torrent(torrent_file);
  StrangerTorrent out{torrent.name(), {}};
  for (const auto index : torrent.files().file_range()) {
    if (!torrent.files().pad_file_at(index)) out.files.push_back(file_in(torrent, index));
  }
  return out;
} catch (const std::exception& failure) {
  return {ErrorCode::kStore, torrent_file + ": " + failure.what()};
}

sigset_t block_end_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

bool ended(const sigset_t& signals, int milliseconds) {
  const timespec wait{milliseconds / 1000, (milliseconds % 1000) * 1'000'000L};
  return sigtimedwait(&signals, nullptr, &wait) > 0;
}

Result<std::vector<Endpoint>> parse_endpoints(const std::vector<std::string>& texts) {
  std::vector<Endpoint> out;
  for (const auto& text : texts) {
    const auto endpoint = parse_endpoint(text);
    if (!endpoint || endpoint->port == 0) {
      return {ErrorCode::kUsage, text + ": expected ADDRESS:PORT"};
    }
    out.push_back(*endpoint);
  }
  return out;
}

}  // namespace phase::sim
