// sim/link_queue.h
// One direction of a link with delay, jitter and loss: frames wait until they are due, or are
// lost. Pure: time comes in, chance comes from a seed, so that the same frames at the same times
// fare the same again. Devices are the owner's.
//
// Only IP packets are delayed and lost. The link stands for a path through the internet, whose
// routers know their neighbours; an ARP question that is lost is not asked again for a second.
// Frames keep their order: jitter makes a burst of those behind a late one.
// Bounds: kMaxBytes wait; what comes on top is lost, and counted apart.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>

#include "proto/bytes.h"
#include "proto/ports.h"

namespace phase::sim {

/// What happens to an IP packet between a host and the switch, in each direction.
struct Path {
  std::chrono::microseconds delay{0};
  std::chrono::microseconds jitter{0};  ///< Added to the delay, 0 to this, evenly spread.
  double loss = 0;                      ///< Of each packet: 0 never, 1 always.
  std::uint64_t rng_seed = 1;
  [[nodiscard]] bool plain() const { return delay.count() == 0 && jitter.count() == 0 && loss == 0; }
};

class LinkQueue {
 public:
  static constexpr std::size_t kMaxBytes = 16 << 20;

  explicit LinkQueue(const Path& path) : path_(path), random_(path.rng_seed) {}

  void push(ByteView frame, MonoTime now);
  /// The next frame that is due.
  [[nodiscard]] std::optional<Bytes> pop(MonoTime now);
  /// Of the next frame; MonoTime::max() where none waits.
  [[nodiscard]] MonoTime next_due() const;

  struct Counts {
    std::uint64_t passed = 0, lost = 0, overflowed = 0;
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  struct Waiting {
    MonoTime due;
    Bytes frame;
  };
  [[nodiscard]] double chance();

  Path path_;
  std::mt19937_64 random_;
  std::deque<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  Counts counts_;
};

}  // namespace phase::sim
