// node/put_schedule.h
// When a node puts the pointer that it holds into the DHT again. Pure: the owner passes the time in
// and says what came of it.
//
// A pointer lives as long as nodes near its target hold it: two hours at most (BEP 44), less where
// they come and go. What was stored well is put again after `every`. What nobody stored, or few did,
// or what a look did not find any more, sooner, with pauses that double up to `every`, so that a
// network that was away is not flooded when it is back. Every pause is spread by a quarter: nodes
// that began together do not put together.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "proto/ports.h"

namespace phase::node {

/// `around`, more or less by up to a quarter.
[[nodiscard]] Duration spread(Duration around, Random& random);

class PutSchedule {
 public:
  static constexpr std::chrono::seconds kFirstPause{15};
  /// A put that says nothing for so long came to nothing.
  static constexpr std::chrono::seconds kLongestPut{60};
  /// Of the eight nodes nearest to a target (BEP 5's k), so many are enough to be found by.
  static constexpr std::uint32_t kEnough = 4;

  /// `random` is borrowed.
  PutSchedule(Duration every, Random& random) : every_(every), random_(random) {}

  /// What is held changed: it is put as soon as it can be.
  void at_once(MonoTime now);
  /// So many items were sent.
  void sent(MonoTime now, std::size_t items);
  /// One of them ended, at `nodes` nodes; the DHT had `known` in its table.
  void stored(MonoTime now, std::uint32_t nodes, std::uint32_t known);
  /// A look found every item that is held …
  void seen() { missed_pause_ = kFirstPause; }
  /// … or not, with a DHT that answers.
  void missed(MonoTime now);

  [[nodiscard]] bool due(MonoTime now) const { return now >= next_; }
  [[nodiscard]] MonoTime next() const { return next_; }

 private:
  Duration grow(Duration& pause);
  Duration every_;
  Random& random_;
  MonoTime next_{};
  std::size_t under_way_ = 0;
  bool well_ = true;            // all of those under way, as far as they ended
  Duration poor_pause_ = kFirstPause;
  Duration missed_pause_ = kFirstPause;
};

}  // namespace phase::node
