// dht/lookups.h
// The DHT half of a session: joining, standing lookups, puts and announces. Adapts libtorrent's
// calls and alerts. An item is asked for twice: at once by messages of our own (direct_search.h),
// which find it on a bad network before libtorrent has a routing table, and by libtorrent, when
// pace.h says, for as long as the lookup stands. Only for dht/*.cc. Threads: the owner's.
#pragma once

#include <libtorrent/fwd.hpp>
#include <libtorrent/session_handle.hpp>
#include <map>
#include <string>
#include <vector>

#include "dht/direct_search.h"
#include "dht/event_queue.h"
#include "dht/pace.h"
#include "dht/session.h"
#include "dht/store_pace.h"

namespace phase::dht {

class Lookups {
 public:
  /// `session` and `events` are borrowed. `own`: where the session listens.
  Lookups(libtorrent::session_handle session, EventQueue& events, const SessionOptions& options,
          const std::vector<Endpoint>& own);

  void add_nodes(const std::vector<Endpoint>& nodes);
  /// The session listens elsewhere: there libtorrent's nodes know nobody yet, and those who were told
  /// of us have the old address. `nodes`: known before.
  void moved(const std::vector<Endpoint>& nodes);
  LookupId find_item(const PublicKey& key, const std::string& salt);
  /// get_peers on each of `targets`.
  LookupId find_peers(std::vector<Sha1> targets);
  /// The same by messages of our own too (direct_search.h), which come to an end: PeersAnswered.
  LookupId find_peers_at_once(const Sha1& target);
  void stop(LookupId lookup);
  /// When its turn comes, once the DHT is joined; the newest per key and salt.
  void put_item(const SignedItem& item);
  /// Once the DHT is joined, soon after, and then every 15 min.
  void announce(const Sha1& target, std::uint16_t port);
  void withdraw(const Sha1& target);

  [[nodiscard]] std::uint32_t nodes() const { return nodes_; }
  [[nodiscard]] std::vector<Endpoint> saved_nodes() const;

  /// True where the alert was one of the DHT's.
  bool handle(const libtorrent::alert& alert);
  void tick(MonoTime now);
  [[nodiscard]] MonoTime next_tick() const;

 private:
  struct ItemLookup {
    PublicKey key;
    std::string salt;
    Pace pace;
    std::int64_t last_seq = 0;  ///< Of the get that is under way.
    bool answered = false;
  };
  struct PeerLookup {
    std::vector<Sha1> targets;
    Pace pace;
  };
  struct Announce {
    std::uint16_t port = 0;
    int made = 0;
    MonoTime next{};
  };
  void handle_item(const libtorrent::dht_mutable_item_alert& alert);
  void handle_peers(const libtorrent::dht_get_peers_reply_alert& alert);
  void handle_put(const libtorrent::dht_put_alert& alert);
  void handle_counters(const libtorrent::session_stats_alert& alert);
  /// libtorrent's count comes late; whoever answers us is in its table by then.
  void set_nodes(std::size_t nodes);
  void join(MonoTime now);
  /// Targets that are asked for now.
  [[nodiscard]] std::size_t standing() const;
  void send_puts(MonoTime now);
  void send_put(const SignedItem& item);
  void send_announce(const Sha1& target, Announce& announce, MonoTime now);

  libtorrent::session_handle session_;
  EventQueue& events_;
  bool enabled_;
  bool only_asks_;  ///< Nothing is stored or announced.
  bool ready_ = false;
  int nodes_counter_;
  std::uint32_t nodes_ = 0;
  std::vector<Endpoint> known_;  ///< To be asked while the routing table is empty.
  MonoTime opened_;
  MonoTime next_rejoin_;
  MonoTime next_count_{};
  LookupId next_id_ = 1;
  std::map<LookupId, ItemLookup> items_;
  std::map<LookupId, PeerLookup> peers_;
  DirectSearch direct_;
  PutQueue puts_;
  StoreBudget budget_;  ///< Of puts and announces together.
  std::map<Sha1, Announce> announces_;
};

}  // namespace phase::dht
