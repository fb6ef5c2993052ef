// dht/direct_search.h
// Standing lookups by messages of our own (libtorrent's dht_direct_request), from the first moment
// on: what direct_lookup.h decides is sent, and what comes back is an event. libtorrent's own
// lookups go on beside it: they ask through every socket of the session, where dht_direct_request
// takes one per address family, and they ask again for as long as a lookup stands. A release's peers
// are left to those: nobody signs a peer, and asking twice as often let nodes that name
// thousands of silent ones hold a fetch up for half a minute (tests/integration/hostile_dht_test.cc).
//
// An announce is the same lookup for get_peers, and then a message to the nearest nodes; libtorrent's
// own, which the owner makes beside it, comes 15 s late where one of them is silent.
//
// Reports items that the key has signed, each once for a lookup, and peers; what they say is
// unverified.
// Only for dht/*.cc. Threads: the owner's.
// Bounds: kMaxLookups targets, kInFlight messages that wait for an answer, over all of them.
#pragma once

#include <libtorrent/fwd.hpp>
#include <libtorrent/session_handle.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dht/ask_budget.h"
#include "dht/direct_answer.h"
#include "dht/direct_lookup.h"
#include "dht/event_queue.h"
#include "dht/node_id.h"
#include "dht/store_nodes.h"

namespace phase::dht {

class DirectSearch {
 public:
  static constexpr std::size_t kMaxLookups = 64;
  static constexpr std::size_t kInFlight = 64;
  static constexpr std::size_t kMaxStarts = 64;
  static constexpr std::size_t kMaxAlive = 128;

  /// `session` must have its DHT on; `events` is borrowed.
  DirectSearch(libtorrent::session_handle session, EventQueue& events, Standpoint standpoint);

  /// Nodes to begin with, for the lookups that there are and for later ones.
  void add_nodes(const std::vector<Endpoint>& nodes);
  /// Beyond kMaxLookups nothing happens.
  void find_item(LookupId id, const PublicKey& key, const std::string& salt);
  /// Who is named as a peer of `target` is a ProvidersFound each time; once those nearest to it have
  /// answered, PeersAnswered.
  void find_peers(LookupId id, const Sha1& target);
  void stop(LookupId id);
  /// Tells the nodes nearest to `target` that we are a peer of it at `port`, once.
  void announce(const Sha1& target, std::uint16_t port);
  void withdraw(const Sha1& target);
  /// The network is there: what came to an end without an answer is asked for anew.
  void begin_again();

  /// True where the alert was an answer to one of these messages.
  bool handle(const libtorrent::alert& alert);
  void tick(MonoTime now);
  [[nodiscard]] MonoTime next_tick() const;
  /// Nodes that have answered, of the last kMaxAlive.
  [[nodiscard]] std::size_t alive() const { return alive_.size(); }

 private:
  struct Question {
    std::optional<LookupId> id;  ///< An announce has none.
    Sha1 target{};
    /// Key and salt; else peers are asked for.
    std::optional<std::pair<PublicKey, std::string>> item;
    std::uint16_t announced_port = 0;             ///< 0: it is no announce.
    std::vector<std::pair<std::int64_t, Signature>> reported;
    StoreNodes nearest;                           ///< Where peers are asked for.
    DirectLookup lookup;
  };
  /// libtorrent hands its address back with the answer.
  struct Request {
    std::uint64_t question = 0;
    Endpoint to;
    MonoTime sent{};
  };
  struct Start {
    Endpoint at;
    bool waiting = false;  ///< Asked, and has not answered.
  };
  void ask(Question question);
  void set_waiting(const Endpoint& start, bool waiting);
  void send(std::uint64_t number, const Question& question, const Endpoint& to, MonoTime now);
  [[nodiscard]] bool make_room(MonoTime now);
  void take(Question& question, const Endpoint& from, ByteView answer);
  /// Those that ask for peers: what they find is announced to, where they announce, and they end.
  void finish_peer_questions(MonoTime now);
  void announce_to_nearest(Question& question, const std::optional<Sha1>& nearest_open,
                           MonoTime now);
  void report(Question& question, DirectAnswer&& answer);
  void remember(const DhtContact& contact);

  libtorrent::session_handle session_;
  EventQueue& events_;
  const std::unique_ptr<const Standpoint> standpoint_;  // Lookups point to it.
  std::vector<Start> starts_;
  std::vector<DhtContact> alive_;  ///< Answered lately, the newest last.
  AskBudget budget_;
  std::uint64_t next_number_ = 1;
  std::map<std::uint64_t, Question> questions_;
  std::map<const Request*, std::unique_ptr<Request>> requests_;
};

}  // namespace phase::dht
