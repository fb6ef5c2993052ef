// dht/session.cc
#include "dht/session.h"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <future>
#include <libtorrent/alert_types.hpp>
#include <libtorrent/extensions/smart_ban.hpp>
#include <libtorrent/extensions/ut_metadata.hpp>
#include <libtorrent/extensions/ut_pex.hpp>
#include <libtorrent/ip_filter.hpp>
#include <libtorrent/posix_disk_io.hpp>
#include <libtorrent/session.hpp>
#include <libtorrent/session_params.hpp>
#include <mutex>
#include <set>
#include <thread>

#include "dht/address_watch.h"
#include "dht/convert.h"
#include "dht/event_queue.h"
#include "dht/guards.h"
#include "dht/listen.h"
#include "dht/lookups.h"
#include "dht/modes.h"
#include "dht/piece_sums.h"
#include "dht/port_watch.h"
#include "dht/releases.h"
#include "dht/settings.h"

namespace phase::dht {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kListenDeadline{5};
constexpr milliseconds kEndDeadline{900};  // The header promises 1 s.

/// Each libtorrent session loads the certificate authorities of the system for trackers and web
/// seeds by HTTPS, which are never used here: 0.1 CPU-seconds and 0.8 MB, in a machine that boots.
/// Before main(), because setenv() may not run beside any other thread that reads the environment.
const bool kNoCertificates = ::setenv("SSL_CERT_FILE", "/dev/null", 1) == 0;

/// What the DHT knows a torrent by: both infohashes, v2's cut to 20 bytes (BEP 52).
std::vector<Sha1> targets_of(const Infohashes& infohashes) {
  Sha1 cut{};
  std::copy_n(infohashes.v2.begin(), cut.size(), cut.begin());
  return {infohashes.v1, cut};
}

/// Lets wait() sleep until libtorrent or wake() has something. Shared with libtorrent's threads.
class Signal {
 public:
  void alerts_came() { raise(alerts_); }
  void wake() { raise(woken_); }
  /// True where wake() was called since the last time.
  bool wait_until(MonoTime until) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, until, [this] { return alerts_ || woken_; });
    alerts_ = false;
    return std::exchange(woken_, false);
  }

 private:
  void raise(bool& flag) {
    const std::lock_guard lock(mutex_);
    flag = true;
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  bool alerts_ = false;
  bool woken_ = false;
};

struct Listening {
  std::set<Endpoint> tcp;
  std::set<Endpoint> udp;
  std::vector<ListenFailed> failed;
};

lt::session_params make_params(const SessionOptions& options, const std::vector<Endpoint>& listen) {
  lt::session_params params(make_settings(options, listen), {});
  if (options.only_on_link) params.ip_filter = only(*options.only_on_link);
  // Writes are in the file when a piece counts as checked, with 20 MB resident instead of 273;
  // the default (mmap) corrupts data in this version, and raises SIGBUS on a full disk.
  params.disk_io_constructor = lt::posix_disk_io_constructor;
  for (const auto& node : options.nodes) {
    (node.v6 ? params.dht_state.nodes6 : params.dht_state.nodes).push_back(to_udp(node));
  }
  return params;
}

/// libtorrent's default, but that one of them is ours to leave out.
void add_plugins(lt::session& session, const SessionOptions& options) {
  if (options.peer_exchange) session.add_extension(&lt::create_ut_pex_plugin);
  session.add_extension(&lt::create_ut_metadata_plugin);
  session.add_extension(&lt::create_smart_ban_plugin);
}

/// By default peers on the local network pass every rate limit.
void limit_everybody(lt::session& session) {
  lt::ip_filter classes;
  const auto global = 1U << static_cast<std::uint32_t>(lt::session::global_peer_class_id);
  classes.add_rule(lt::make_address("0.0.0.0"), lt::make_address("255.255.255.255"), global);
  classes.add_rule(lt::make_address("::"),
                   lt::make_address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), global);
  session.set_peer_class_filter(classes);
}

/// False where it was about something else.
bool read_listen_alert(const lt::alert& alert, Listening& out) {
  if (const auto* good = lt::alert_cast<lt::listen_succeeded_alert>(&alert)) {
    const auto at = from_address(good->address, static_cast<std::uint16_t>(good->port));
    if (good->socket_type == lt::socket_type_t::tcp) out.tcp.insert(at);
    if (good->socket_type == lt::socket_type_t::utp) out.udp.insert(at);
  } else if (const auto* bad = lt::alert_cast<lt::listen_failed_alert>(&alert)) {
    const auto at = from_address(bad->address, static_cast<std::uint16_t>(bad->port));
    const bool taken = bad->error == boost::system::errc::address_in_use;
    out.failed.push_back({at,
                          {taken ? ErrorCode::kPortInUse : ErrorCode::kNetwork,
                           at.text() + ": " + bad->error.message()}});
  } else {
    return false;
  }
  return true;
}

/// Reads alerts until every endpoint is open, for UDP and, where there is `tcp`, for that, or has
/// failed.
Listening await_listening(lt::session& session, const std::vector<Endpoint>& endpoints, bool tcp) {
  Listening out;
  const auto settled = [&](const Endpoint& at) {
    return ((!tcp || out.tcp.contains(at)) && out.udp.contains(at)) ||
           std::any_of(out.failed.begin(), out.failed.end(),
                       [&](const ListenFailed& failure) { return failure.at == at; });
  };
  const auto until = std::chrono::steady_clock::now() + kListenDeadline;
  while (!std::all_of(endpoints.begin(), endpoints.end(), settled) &&
         std::chrono::steady_clock::now() < until) {
    session.wait_for_alert(milliseconds(100));
    std::vector<lt::alert*> alerts;
    session.pop_alerts(&alerts);
    for (const auto* alert : alerts) (void)read_listen_alert(*alert, out);
  }
  return out;
}

Result<void> check_listening(const Listening& listening) {
  for (const auto& failure : listening.failed) {
    if (failure.error.code == ErrorCode::kPortInUse) return failure.error;
  }
  if (!listening.tcp.empty()) return {};
  return {ErrorCode::kNoInterface,
          listening.failed.empty()
              ? "no address could be listened on"
              : "no address could be listened on: " + listening.failed.front().error.detail};
}

/// libtorrent looks every 100 ms whether the connections that it closes at its end have gone, the
/// first time too early. Those that have gone before cost nothing.
void close_connections(lt::session& session) try {
  for (const auto& torrent : session.get_torrents()) session.remove_torrent(torrent);
  // Two questions that wait for their answer: with the first one connections are closed, with the
  // second one what was under way on them has been called off.
  (void)session.get_torrents();
  (void)session.get_torrents();
} catch (const std::exception&) {
  // It ends all the same.
}

}  // namespace

struct Session::State {
  State(lt::session opened, const SessionOptions& options, Listening listening)
      : session(std::move(opened)),
        listens(listening.tcp.begin(), listening.tcp.end()),
        signal(std::make_shared<Signal>()),
        lookups(session, events, options, listens),
        releases(session, events, options),
        ports(options.map_ports),
        http_port(options.http_port),
        utp(session.get_settings().get_bool(lt::settings_pack::enable_incoming_utp)) {
    for (auto& failure : listening.failed) events.push(std::move(failure));
    ports.map_http(session, http_port);
    session.set_alert_notify([signal = signal] { signal->alerts_came(); });
    if (!options.follow_addresses || !options.listen.empty() || listens.empty()) return;
    addresses.emplace(listens, [port = listens.front().port] { return interface_addresses(port); });
  }

  void pump() {
    std::vector<lt::alert*> alerts;
    session.pop_alerts(&alerts);
    const auto now = std::chrono::steady_clock::now();
    for (const auto* alert : alerts) {
      if (ports.handle(*alert, now) || take_listening(*alert)) continue;
      if (!lookups.handle(*alert)) releases.handle(*alert);
    }
    if (const auto listen = addresses ? addresses->tick(now) : std::nullopt) listen_on(*listen);
    lookups.tick(now);
    releases.tick(now);
  }

  [[nodiscard]] MonoTime next_tick() const {
    const MonoTime next = std::min(lookups.next_tick(), releases.next_tick());
    return addresses ? std::min(next, addresses->next_tick()) : next;
  }

  /// Sockets whose addresses stay are not touched.
  void listen_on(const std::vector<Endpoint>& at) {
    // libtorrent gives each address a DHT node of its own, which knows nobody.
    const auto nodes = lookups.saved_nodes();
    std::erase_if(listens, [&](const Endpoint& one) {
      return std::find(at.begin(), at.end(), one) == at.end();
    });
    lt::settings_pack settings;
    settings.set_str(lt::settings_pack::listen_interfaces, listen_interfaces(at));
    session.apply_settings(std::move(settings));
    // Where that list is the same as before, one of it could not be opened then.
    session.reopen_network_sockets({});
    ports.moved(at);
    ports.map_http(session, http_port);
    lookups.moved(nodes);
  }

  /// True where it was about this.
  bool take_listening(const lt::alert& alert) {
    Listening changed;
    if (!addresses || !read_listen_alert(alert, changed)) return false;
    for (const Endpoint& at : changed.tcp) {
      if (std::find(listens.begin(), listens.end(), at) == listens.end()) listens.push_back(at);
    }
    for (ListenFailed& failure : changed.failed) {
      addresses->failed(failure.at);
      events.push(std::move(failure));
    }
    return true;
  }

  lt::session session;
  std::vector<Endpoint> listens;
  std::shared_ptr<Signal> signal;
  EventQueue events;
  Lookups lookups;
  Releases releases;
  PortWatch ports;
  std::uint16_t http_port;
  std::optional<AddressWatch> addresses;
  bool utp;  ///< Whether it is spoken at all.
};

Result<std::unique_ptr<Session>> Session::open(const SessionOptions& wanted) try {
  const auto allowed = restricted(wanted);
  if (!allowed) return allowed.error();
  const SessionOptions& options = *allowed;
  auto endpoints = listen_endpoints(options);
  if (!endpoints) return endpoints.error();
  lt::session session(make_params(options, *endpoints));
  add_plugins(session, options);
  limit_everybody(session);
  if (options.socks5) {
    // No TCP listener then, and one UDP socket, bound to no address, which speaks with the proxy.
    Endpoint any;
    any.port = endpoints->front().port;
    *endpoints = {any};
  }
  Listening listening = await_listening(session, *endpoints, !options.socks5);
  if (options.socks5) {
    listening = {};
  } else if (auto good = check_listening(listening); !good) {
    return good.error();
  }
  if (!options.incoming) stop_listening(*endpoints);
  if (options.enable_dht) {
    // Only now: switched on before it listens, the DHT forgets the nodes that it was given.
    lt::settings_pack on;
    on.set_bool(lt::settings_pack::enable_dht, true);
    session.apply_settings(on);
  }
  auto state = std::make_unique<State>(std::move(session), options, std::move(listening));
  return std::unique_ptr<Session>(new Session(std::move(state)));
} catch (const std::exception& failure) {
  return {ErrorCode::kNetwork, std::string("open session: ") + failure.what()};
}

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}

Session::~Session() {
  state_->session.set_alert_notify({});
  auto session = std::make_shared<lt::session>(std::move(state_->session));
  state_.reset();
  auto ended = std::make_shared<std::promise<void>>();
  auto end = ended->get_future();
  // libtorrent's threads end when the last proxy goes; that may wait for a resolver that hangs.
  std::thread([session = std::move(session), ended]() mutable {
    close_connections(*session);
    { const lt::session_proxy proxy = session->abort(); session.reset(); }
    ended->set_value();
  }).detach();
  end.wait_for(kEndDeadline);
}

std::vector<Event> Session::wait(milliseconds timeout) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  for (bool woken = false;;) {
    state_->pump();
    if (!state_->events.empty()) return state_->events.take();
    if (woken || std::chrono::steady_clock::now() >= end) return {};
    woken = state_->signal->wait_until(std::min(end, state_->next_tick()));
  }
}

void Session::wake() {
  state_->signal->wake();
}

void Session::add_nodes(const std::vector<Endpoint>& nodes) {
  state_->lookups.add_nodes(nodes);
}

LookupId Session::find_item(const PublicKey& key, const std::string& salt) {
  return state_->lookups.find_item(key, salt);
}

LookupId Session::find_providers(const Infohashes& infohashes) {
  return state_->lookups.find_peers(targets_of(infohashes));
}

LookupId Session::find_peers(const Sha1& target) {
  return state_->lookups.find_peers_at_once(target);
}

void Session::stop(LookupId lookup) {
  state_->lookups.stop(lookup);
}

void Session::put_item(const SignedItem& item) {
  state_->lookups.put_item(item);
}

std::uint32_t Session::dht_nodes() const {
  return state_->lookups.nodes();
}

std::vector<Endpoint> Session::saved_nodes() const {
  return state_->lookups.saved_nodes();
}

Result<ReleaseId> Session::fetch(const Infohashes& infohashes, const std::string& parent,
                                 ByteView torrent) {
  return state_->releases.fetch(infohashes, parent, torrent);
}

Result<ReleaseId> Session::seed(ByteView torrent, const std::string& parent) {
  auto release = state_->releases.seed(torrent, parent);
  if (release) announce(*release);
  return release;
}

Result<void> Session::want(ReleaseId release, const std::vector<std::string>& paths,
                           const std::vector<std::uint32_t>& spared) {
  return state_->releases.want(release, paths, spared);
}

void Session::connect(ReleaseId release, const Endpoint& peer, PeerSource source) {
  const auto& own = state_->listens;
  if (std::find(own.begin(), own.end(), peer) != own.end()) return;
  state_->releases.connect(release, peer, source);
}

void Session::add_piece(ReleaseId release, std::uint32_t piece, ByteView bytes) {
  state_->releases.add_piece(release, piece, bytes);
}

void Session::ask_peers(ReleaseId release, const std::vector<std::uint32_t>& pieces, bool yes) {
  state_->releases.ask_peers(release, pieces, yes);
}

void Session::announce(ReleaseId release) {
  const auto infohashes = state_->releases.infohashes(release);
  if (!infohashes || state_->listens.empty()) return;
  for (const Sha1& target : targets_of(*infohashes)) {
    announce(target, state_->listens.front().port);
  }
}

void Session::announce(const Sha1& target, std::uint16_t port) {
  state_->lookups.announce(target, port);
}

void Session::withdraw(const Sha1& target) {
  state_->lookups.withdraw(target);
}

void Session::remove(ReleaseId release, Files files) {
  if (const auto infohashes = state_->releases.infohashes(release)) {
    for (const Sha1& target : targets_of(*infohashes)) withdraw(target);
  }
  state_->releases.remove(release, files);
}

std::optional<TorrentInfo> Session::info(ReleaseId release) const {
  return state_->releases.info(release);
}

std::optional<PieceSums> Session::piece_sums(ReleaseId release) const {
  return state_->releases.piece_sums(release);
}

Result<Bytes> Session::torrent_file(ReleaseId release) const {
  return state_->releases.torrent_file(release);
}

ReleaseStatus Session::status(ReleaseId release) const {
  return state_->releases.status(release);
}

std::vector<bool> Session::pieces(ReleaseId release) const {
  return state_->releases.pieces(release);
}

std::vector<bool> Session::begun(ReleaseId release) const {
  return state_->releases.begun(release);
}

std::vector<PeerAccount> Session::peers(ReleaseId release) const {
  return state_->releases.peers(release);
}

void Session::punch_holes(bool yes) {
  if (!state_->utp || state_->ports.facts().punches_holes == yes) return;
  state_->ports.punch_holes(yes);
  lt::settings_pack settings;
  settings.set_bool(lt::settings_pack::enable_outgoing_utp, yes);
  state_->session.apply_settings(std::move(settings));
}

Reachability Session::reachability() const {
  return state_->ports.facts();
}

std::vector<Endpoint> Session::listening() const {
  return state_->listens;
}

}  // namespace phase::dht
