// dht/spread.h
// Decides which piece a seed gives to whom while several peers fetch at once: each piece goes to one
// of them first and comes to the others from him, so that the seed's line carries a release little
// more than once. Peers who choose for themselves ask the seed for what others ask it for, too: twice
// the time for sixteen of them.
//
// Pure: `now` comes in. Threads: the owner's. Bounds: an entry for each peer, a bit for each of its
// pieces, kMostGiven pieces on their way to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "proto/ports.h"

namespace phase::dht {

class Spread {
 public:
  /// The owner's name for a peer.
  using Peer = const void*;
  static constexpr std::size_t kCrowd = 2;        ///< So many that fetch are one.
  static constexpr std::size_t kFirstGiven = 2;   ///< Pieces on their way to a peer, at first.
  static constexpr std::size_t kMostGiven = 64;
  /// A piece that came faster says that more may be on their way, one that came slower that fewer.
  static constexpr std::chrono::milliseconds kFast{300};
  static constexpr std::chrono::milliseconds kSlow{2500};
  /// A piece that has not come by then is somebody else's.
  static constexpr std::chrono::seconds kLost{20};
  /// Longer than a line needs for what waits in its buffers: with 3 s, thirty machines behind 10 Mbit/s
  /// were let go one after the other, and two copies of everything were sent.
  static constexpr std::chrono::seconds kUnsaid{15};
  static constexpr std::chrono::seconds kUnasked{10};
  /// On their way to all together are so many as came in the last second, and a quarter more, so that a
  /// line that carries more is found out. More would only wait in its buffers, each come after all
  /// others, and nobody would have anything to pass on meanwhile.
  static constexpr std::size_t kFewestGiven = 8;
  /// What takes longer than that waits for a slow peer, not for our line.
  static constexpr std::chrono::seconds kStale{2};
  static constexpr std::chrono::seconds kMeasured{1};

  /// `rng_seed` decides which of equal pieces is given first.
  Spread(std::size_t pieces, std::uint32_t rng_seed);

  /// A peer that takes what it is given (BEP 6), and wants everything; has[i]: piece i is there.
  void join(Peer peer, std::vector<bool> has);
  void leave(Peer peer);
  void has(Peer peer, std::uint32_t piece, MonoTime now);
  /// It asked for a part of something. Some want a few files only: who asks for nothing that it was
  /// given within kUnasked takes what it likes from then on.
  void asked(Peer peer, std::uint32_t piece, MonoTime now);
  /// Everything of `piece` was sent to it. Some never say what they have (private machines do not):
  /// who does not within kUnsaid takes what it likes from then on.
  void sent(Peer peer, std::uint32_t piece, MonoTime now);

  /// Whether `peer` is given pieces now. Otherwise it takes what it likes: when there is no crowd, and
  /// when giving does not work with it.
  [[nodiscard]] bool gives_to(Peer peer) const;
  struct Gift {
    Peer peer = nullptr;
    std::uint32_t piece = 0;
  };
  /// What is to be given now, until nothing is.
  [[nodiscard]] std::optional<Gift> next(MonoTime now);

 private:
  struct OnItsWay {
    std::uint32_t piece = 0;
    MonoTime since{};
    std::optional<MonoTime> sent;
  };
  struct Taker {
    std::vector<bool> has;
    std::vector<bool> took;  ///< Was asked for without having been given.
    std::size_t lacks = 0;
    bool takes_gifts = true;
    MonoTime asked{};  ///< For something that it was given, or was given something new.
    std::size_t window = kFirstGiven;
    std::size_t gifts = 0;    ///< In all.
    std::vector<OnItsWay> given;
    [[nodiscard]] bool takes() const { return takes_gifts && lacks > 0; }
  };
  struct Piece {
    std::uint32_t given = 0;  ///< How often, or is on its way.
    std::uint32_t had = 0;    ///< By how many of the peers.
    std::uint32_t rank = 0;   ///< Which of equal ones comes first.
  };
  [[nodiscard]] bool crowd() const;
  [[nodiscard]] bool line_is_full(bool with_copies, MonoTime now);
  void give_up_lost(Taker& taker, MonoTime now);
  [[nodiscard]] std::optional<std::uint32_t> choose(const Taker& taker) const;

  std::vector<Piece> pieces_;
  std::map<Peer, Taker> takers_;
  std::deque<MonoTime> came_;  ///< Gifts, within kMeasured.
};

}  // namespace phase::dht
