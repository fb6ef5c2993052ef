// dht/direct_lookup.h
// One lookup in the DHT from nodes that may be dead, on a network that loses packets: whom to ask
// next. libtorrent's own waits a second for each silent node and asks nobody twice. Pure: the owner
// sends, receives, and passes the time in.
//
// Up to kInFlight nodes are asked at once, the nearest to the target first; who has not answered
// within kPatience makes room for the next, and may still answer later. Untried ones come before
// those asked already; among the kNearest nearest everybody is asked up to kTries times before
// others are; when nobody is left, or kMaxAsked were asked, the lookup pauses and starts over with
// those that have answered, kRounds times.
//
// Answers are untrusted. An answer names at most kMaxNamed nodes that count, a lookup holds at most
// kMaxCandidates, and a node that was never asked is not heard. Liars who name nodes that do not
// exist, right beside the target: of one answer's nodes at most kInFlightOfOneNamer are asked at
// once while others have some too, and for every kSilentPerTier silent ones of it the rest of
// them come after everybody else's. On the public network only one node of a /24 (IPv6: /64)
// counts, as in libtorrent, and those whose id does not fit their address (BEP 42) come later.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "dht/node_id.h"
#include "proto/ports.h"

namespace phase::dht {

class DirectLookup {
 public:
  static constexpr std::size_t kInFlight = 8;
  static constexpr std::size_t kInFlightOfOneNamer = 4;
  static constexpr std::chrono::milliseconds kPatience{300};
  static constexpr std::size_t kNearest = 24;
  static constexpr int kTries = 2;
  static constexpr int kMaxAsked = 64;  ///< In one round, repetitions included.
  static constexpr int kRounds = 3;
  static constexpr std::chrono::milliseconds kPause{500};  ///< Doubles with every round.
  static constexpr std::size_t kMaxNamed = 16;
  static constexpr std::size_t kMaxCandidates = 256;
  static constexpr int kSilentPerTier = 4;
  static constexpr std::size_t kEnoughNear = 8;  ///< What an item is stored on (BEP 44).

  /// `standpoint` is borrowed.
  DirectLookup(const Sha1& target, const Standpoint& standpoint);

  /// A node whose id is not known, or one that answered lately. A new one is a reason to
  /// begin_again().
  void add_start(const Endpoint& at);
  void add_known(const DhtContact& contact);
  /// All rounds are to come, unless something was found.
  void begin_again();

  /// Whom to ask now; it counts as asked. Nobody: until deadline().
  [[nodiscard]] std::optional<Endpoint> next(MonoTime now);
  /// `from` answered under `id`, and names others. False where it was never asked.
  bool answered(const Endpoint& from, const Sha1& id, const std::vector<DhtContact>& named);
  /// It could not be asked, cannot be reached, or answered with an error.
  void refused(const Endpoint& from);
  /// What was looked for came. Now only nodes nearer than the kEnoughNear nearest that answered
  /// are asked: they may have a newer one.
  void found() { found_ = true; }

  [[nodiscard]] bool over() const { return over_; }
  /// How far the nearest one is that is yet to be asked, or is waited for; none: nobody.
  [[nodiscard]] std::optional<Sha1> nearest_open(MonoTime now) const;
  [[nodiscard]] std::size_t in_flight(MonoTime now) const;
  /// When next() may have somebody with nothing else happening; never: MonoTime::max().
  [[nodiscard]] MonoTime deadline() const;
  [[nodiscard]] std::size_t candidates() const { return candidates_.size(); }

 private:
  enum class State { kUntried, kAsked, kSilent, kAnswered };
  struct Candidate {
    Endpoint at;
    Sha1 distance{};         // All bits where the id is not known: the farthest.
    bool start = false;      // Ours to begin with, named by nobody.
    bool id_known = false;
    bool suspect = false;    // BEP 42.
    State state = State::kUntried;
    int tries = 0;           // In this round.
    bool ever_asked = false;
    MonoTime asked_at{};
    std::vector<std::size_t> namers;           // Who named it, the first kMaxNamers.
    std::optional<std::size_t> as_namer;       // Its own number, once it has answered.
  };
  using Index = std::size_t;
  static constexpr std::size_t kMaxNamers = 4;

  void begin_with(Candidate candidate);
  void add_named(const DhtContact& contact, std::size_t namer);
  void insert(Candidate candidate);
  [[nodiscard]] Candidate* find(const Endpoint& at);
  [[nodiscard]] bool crowded(const Endpoint& at) const;
  void set_id(Candidate& candidate, const Sha1& id) const;
  void set_state(Candidate& candidate, State state);
  void time_out(MonoTime now);
  [[nodiscard]] int tier(const Candidate& candidate) const;
  [[nodiscard]] bool before(const Candidate& a, const Candidate& b) const;
  [[nodiscard]] std::vector<Index> in_order() const;
  [[nodiscard]] std::optional<Index> choose() const;
  [[nodiscard]] std::optional<Index> choose_of(std::span<const Index> order) const;
  [[nodiscard]] std::optional<Index> choose_nearer() const;
  [[nodiscard]] bool namer_is_busy(const Candidate& candidate) const;
  void end_round(MonoTime now);
  void start_over();

  Sha1 target_;
  const Standpoint& standpoint_;
  bool found_ = false;
  bool over_ = false;
  int round_ = 0;
  int asked_ = 0;  // In this round.
  bool pausing_ = false;
  MonoTime round_begins_{};
  std::vector<Candidate> candidates_;
  std::vector<int> silent_of_;  // By namer: how many that it named are silent.
};

}  // namespace phase::dht
