// dht/pace.h
// How often a standing lookup asks again. Pure: the owner passes the time in.
//
// Every 200 ms at first, because a lookup on a cold routing table often ends without having met
// the right nodes; once a value came, every 2 s. While none comes, it asks more and more rarely:
// libtorrent's nodes ignore an address for 5 minutes once it sent 50 messages within 10 s, and in a
// small network all lookups reach the same nodes. So those that stand share what may be asked: the
// three of a pointer and the one of a newer root come to 40; with more, each asks more rarely.
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
  /// A value came.
  void found(MonoTime now);

 private:
  MonoTime next_{};  // Long past: the first time is at once.
  int asked_ = 0;
  bool found_ = false;
};

}  // namespace phase::dht
