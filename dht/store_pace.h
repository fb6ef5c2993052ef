// dht/store_pace.h
// When items and announces are sent to be stored. Pure: the owner passes the time in.
//
// Each is a lookup of its own and then a message to the eight nearest nodes. Many at once overflow
// the socket's buffer with answers, so that the nearest nodes count as silent and others, where
// nobody looks, are given the item; and libtorrent's nodes ignore an address for 5 minutes once it
// sent 50 messages within 10 s. So they wait for their turn: a few under way at a time, kBurst at
// once, and from then on kEvery apart.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "proto/pointer.h"
#include "proto/ports.h"

namespace phase::dht {

/// How many may be sent now.
class StoreBudget {
 public:
  static constexpr int kBurst = 12;
  static constexpr std::chrono::milliseconds kEvery{500};

  [[nodiscard]] bool may(MonoTime now);
  void spend();
  /// When may() becomes true with nothing else happening.
  [[nodiscard]] MonoTime next() const;

 private:
  int left_ = kBurst;
  MonoTime refilled_{};
};

/// Items that wait for their turn, in the order of their coming; the newest per key and salt.
class PutQueue {
 public:
  static constexpr std::size_t kMaxWaiting = 256;
  static constexpr std::size_t kMaxUnderWay = 3;
  /// libtorrent's word that a put ended can be lost.
  static constexpr std::chrono::seconds kLongestPut{30};

  /// Dropped where kMaxWaiting others wait.
  void add(const SignedItem& item);
  /// The one whose turn it is; it counts as under way from now on.
  [[nodiscard]] std::optional<SignedItem> take(MonoTime now, StoreBudget& budget);
  void ended(const PublicKey& key, const std::string& salt);
  /// When take() has one with nothing else happening; never: MonoTime::max().
  [[nodiscard]] MonoTime next(const StoreBudget& budget) const;

 private:
  struct UnderWay {
    PublicKey key;
    std::string salt;
    MonoTime since;
  };
  std::deque<SignedItem> waiting_;
  std::vector<UnderWay> under_way_;
};

}  // namespace phase::dht
