// dht/accounts.h
// Who gave us what: one account per peer of one release, which survives the connection. The owner
// reports live connections now and then; a libtorrent plugin reports each connection's last
// figures in the moment it closes, so that nothing between two reports is lost.
//
// Threads: opened(), closed() and note_ban() come from libtorrent's, everything else from the owner's.
// Bounds: kMaxAccounts; beyond that, peers that never moved a byte make room.
#pragma once

#include <libtorrent/fwd.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "dht/session.h"

namespace phase::dht {

class Accounts {
 public:
  static constexpr std::size_t kMaxAccounts = 4096;

  /// How the owner came to know `peer`. True where nothing was known of it before.
  bool note_source(const Endpoint& peer, PeerSource source);
  /// Connections that close from here on are left out of the next set_live().
  void begin_report();
  void set_live(const std::vector<PeerAccount>& connections);
  /// The last figures of a connection.
  void closed(const PeerAccount& connection);
  /// The first ones: what earlier connections with the peer moved, and was said to closed() already.
  void opened(const PeerAccount& connection);
  void note_ban(const Endpoint& peer);
  /// What it says of itself; 0: nothing.
  void note_ports(const Endpoint& peer, std::uint16_t listen_port, std::uint16_t http_port);

  /// Peers banned since the last call, each one once.
  [[nodiscard]] std::vector<Endpoint> take_banned();
  [[nodiscard]] std::vector<PeerAccount> all() const;

 private:
  struct Entry {
    PeerAccount past;  ///< Sum over closed connections.
    PeerAccount live;
    bool connected = false;
  };
  Entry* entry(const Endpoint& peer);
  void ban(Entry& at);

  mutable std::mutex mutex_;
  std::map<Endpoint, Entry> entries_;
  std::set<Endpoint> closed_in_report_;
  std::vector<Endpoint> banned_;
};

/// A connection's figures in our type.
[[nodiscard]] PeerAccount account_of(const libtorrent::peer_info& connection);

/// Feeds `accounts` from libtorrent's thread, and tells peers `http_port` (unless 0) in the
/// extension handshake, as "phase_http"; theirs is noted.
[[nodiscard]] std::shared_ptr<libtorrent::torrent_plugin> make_accounts_plugin(
    std::shared_ptr<Accounts> accounts, std::uint16_t http_port);

}  // namespace phase::dht
