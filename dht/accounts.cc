// dht/accounts.cc
#include "dht/accounts.h"

#include <algorithm>
#include <libtorrent/bdecode.hpp>
#include <libtorrent/entry.hpp>
#include <libtorrent/error_code.hpp>
#include <libtorrent/extensions.hpp>
#include <libtorrent/peer_connection_handle.hpp>
#include <libtorrent/peer_info.hpp>

#include "dht/convert.h"

namespace phase::dht {
namespace {

constexpr std::size_t kMaxClientBytes = 48;
constexpr const char* kHttpPort = "phase_http";

/// Untrusted. 0 where it is none.
std::uint16_t port_in(const lt::bdecode_node& said, const char* key) {
  const std::int64_t port = said.dict_find_int_value(key, 0);
  return port > 0 && port <= 65535 ? static_cast<std::uint16_t>(port) : 0;
}

void merge(PeerSource& into, const PeerSource& from) {
  into.dht = into.dht || from.dht;
  into.pex = into.pex || from.pex;
  into.lan = into.lan || from.lan;
  into.given = into.given || from.given;
  into.incoming = into.incoming || from.incoming;
}

/// What stays true of a peer over all its connections; sums are the caller's.
void merge_facts(PeerAccount& into, const PeerAccount& from) {
  merge(into.source, from.source);
  if (!from.client.empty()) into.client = from.client;
  // libtorrent keeps this count per peer, not per connection.
  into.bad_pieces = std::max(into.bad_pieces, from.bad_pieces);
  into.banned = into.banned || from.banned;
}

bool means_banned(const lt::error_code& reason) {
  return reason == lt::errors::too_many_corrupt_pieces || reason == lt::errors::peer_banned;
}

/// One connection. Its handle must not own the connection, which owns this.
class ConnectionWatch final : public lt::peer_plugin {
 public:
  ConnectionWatch(std::shared_ptr<Accounts> accounts, lt::peer_connection_handle connection,
                  std::uint16_t http_port)
      : accounts_(std::move(accounts)), connection_(std::move(connection)), http_port_(http_port) {}

  void add_handshake(lt::entry& handshake) override {
    if (http_port_ != 0) handshake[kHttpPort] = lt::entry::integer_type{http_port_};
  }

  bool on_extension_handshake(const lt::bdecode_node& said) override {
    if (said.type() != lt::bdecode_node::dict_t) return true;
    accounts_->note_ports(from_lt(connection_.remote()), port_in(said, "p"),
                          port_in(said, kHttpPort));
    return true;
  }

  bool on_handshake(lt::span<const char>) override {
    greeted_ = true;
    // libtorrent goes on counting where an earlier connection with the same endpoint ended.
    lt::peer_info figures;
    connection_.get_peer_info(figures);
    accounts_->opened(account_of(figures));
    return true;
  }

  void on_disconnect(const lt::error_code& reason) override {
    // One that is refused before (a second one from the same endpoint, say) belongs to no torrent yet,
    // and libtorrent 2.0.8 reads through a null pointer when it is asked for its figures.
    if (!greeted_ || connection_.native_handle() == nullptr) return;
    lt::peer_info figures;
    connection_.get_peer_info(figures);
    PeerAccount account = account_of(figures);
    account.banned = means_banned(reason);
    accounts_->closed(account);
  }

 private:
  std::shared_ptr<Accounts> accounts_;
  lt::peer_connection_handle connection_;
  std::uint16_t http_port_;
  bool greeted_ = false;
};

class TorrentWatch final : public lt::torrent_plugin {
 public:
  TorrentWatch(std::shared_ptr<Accounts> accounts, std::uint16_t http_port)
      : accounts_(std::move(accounts)), http_port_(http_port) {}

  std::shared_ptr<lt::peer_plugin> new_connection(
      const lt::peer_connection_handle& connection) override {
    return std::make_shared<ConnectionWatch>(accounts_, connection, http_port_);
  }

 private:
  std::shared_ptr<Accounts> accounts_;
  std::uint16_t http_port_;
};

}  // namespace

Accounts::Entry* Accounts::entry(const Endpoint& peer) {
  if (const auto found = entries_.find(peer); found != entries_.end()) return &found->second;
  if (entries_.size() >= kMaxAccounts) {
    const auto idle = std::find_if(entries_.begin(), entries_.end(), [](const auto& item) {
      const Entry& e = item.second;
      return !e.connected && e.past.received == 0 && e.past.sent == 0 && !e.past.banned;
    });
    if (idle == entries_.end()) return nullptr;
    entries_.erase(idle);
  }
  Entry& made = entries_[peer];
  made.past.peer = peer;
  return &made;
}

void Accounts::ban(Entry& at) {
  if (at.past.banned) return;
  at.past.banned = true;
  banned_.push_back(at.past.peer);
}

bool Accounts::note_source(const Endpoint& peer, PeerSource source) {
  const std::lock_guard lock(mutex_);
  const bool is_new = !entries_.contains(peer);
  if (Entry* at = entry(peer)) merge(at->past.source, source);
  return is_new;
}

void Accounts::begin_report() {
  const std::lock_guard lock(mutex_);
  closed_in_report_.clear();
}

void Accounts::set_live(const std::vector<PeerAccount>& connections) {
  const std::lock_guard lock(mutex_);
  for (auto& item : entries_) item.second.connected = false;
  for (const auto& connection : connections) {
    if (closed_in_report_.contains(connection.peer)) continue;
    Entry* at = entry(connection.peer);
    if (at == nullptr) continue;
    at->live = connection;
    at->connected = true;
    merge_facts(at->past, connection);
  }
}

void Accounts::closed(const PeerAccount& connection) {
  const std::lock_guard lock(mutex_);
  closed_in_report_.insert(connection.peer);
  Entry* at = entry(connection.peer);
  if (at == nullptr) return;
  at->connected = false;
  at->past.received += connection.received;
  at->past.sent += connection.sent;
  const bool banned = connection.banned;
  PeerAccount facts = connection;
  facts.banned = false;
  merge_facts(at->past, facts);
  if (banned) ban(*at);
}

void Accounts::opened(const PeerAccount& connection) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(connection.peer);
  if (found == entries_.end()) return;
  PeerAccount& past = found->second.past;
  past.received -= std::min(past.received, connection.received);
  past.sent -= std::min(past.sent, connection.sent);
}

void Accounts::note_ban(const Endpoint& peer) {
  const std::lock_guard lock(mutex_);
  if (Entry* at = entry(peer)) ban(*at);
}

void Accounts::note_ports(const Endpoint& peer, std::uint16_t listen_port,
                          std::uint16_t http_port) {
  const std::lock_guard lock(mutex_);
  if (Entry* at = entry(peer)) {
    at->past.listen_port = listen_port;
    at->past.http_port = http_port;
  }
}

std::vector<Endpoint> Accounts::take_banned() {
  const std::lock_guard lock(mutex_);
  return std::exchange(banned_, {});
}

std::vector<PeerAccount> Accounts::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<PeerAccount> out;
  for (const auto& [peer, at] : entries_) {
    PeerAccount account = at.past;
    if (at.connected) {
      account.received += at.live.received;
      account.sent += at.live.sent;
    }
    const bool counts = at.connected || account.received != 0 || account.sent != 0 ||
                        account.bad_pieces != 0 || account.banned;
    if (counts) out.push_back(std::move(account));
  }
  return out;
}

PeerAccount account_of(const lt::peer_info& connection) {
  PeerAccount out;
  out.peer = from_lt(connection.ip);
  using source = lt::peer_info;
  out.source.dht = bool(connection.source & source::dht);
  out.source.pex = bool(connection.source & source::pex);
  out.source.lan = bool(connection.source & source::lsd);
  out.source.incoming = bool(connection.source & source::incoming);
  for (const char c : connection.client.substr(0, kMaxClientBytes)) {
    out.client.push_back(c >= ' ' && c < 127 ? c : '?');
  }
  out.received = static_cast<std::uint64_t>(std::max<std::int64_t>(connection.total_download, 0));
  out.sent = static_cast<std::uint64_t>(std::max<std::int64_t>(connection.total_upload, 0));
  out.bad_pieces = static_cast<std::uint32_t>(std::max(connection.num_hashfails, 0));
  return out;
}

std::shared_ptr<lt::torrent_plugin> make_accounts_plugin(std::shared_ptr<Accounts> accounts,
                                                         std::uint16_t http_port) {
  return std::make_shared<TorrentWatch>(std::move(accounts), http_port);
}

}  // namespace phase::dht
