// dht/pace.h
// How often libtorrent is made to repeat a standing lookup. Pure: the owner passes the time in.
//
// The first value is direct_search.h's to find; this is for what it cannot reach, and for what is
// stored later. At once, again 400 ms later, because a lookup on a cold routing table often ends
// without having met the right nodes, and then every 2 s. libtorrent's nodes ignore an address for
// 5 minutes once it sent 50 messages within 10 s, and in a small network all lookups reach the same
// nodes. ask_budget.h leaves 30 of them to these: the three of a pointer and the one of a newer
// root come to 24; with more, each asks more rarely.
#pragma once

#include <cstddef>

#include "proto/ports.h"

namespace phase::dht {

class Pace {
 public:
  [[nodiscard]] bool due(MonoTime now) const { return now >= next_; }
  [[nodiscard]] MonoTime next() const { return next_; }
  /// `standing`: how many targets are asked for by this session now, this one's included.
  void asked(MonoTime now, std::size_t standing);

 private:
  MonoTime next_{};  // Long past: the first time is at once.
  bool asked_ = false;
};

}  // namespace phase::dht
