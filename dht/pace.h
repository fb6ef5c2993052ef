// dht/pace.h
// How often a standing lookup asks again. Pure: the owner passes the time in.
//
// Every 200 ms at first, because a lookup on a cold routing table often ends without having met
// the right nodes; once a value came, every 2 s. While none comes, it asks more and more rarely:
// libtorrent's nodes ignore an address for 5 minutes once it sent 50 messages within 10 s, and
// the three lookups of a pointer all reach the same nodes in a small network.
#pragma once

#include "proto/ports.h"

namespace phase::dht {

class Pace {
 public:
  [[nodiscard]] bool due(MonoTime now) const { return now >= next_; }
  [[nodiscard]] MonoTime next() const { return next_; }
  void asked(MonoTime now);
  /// A value came.
  void found(MonoTime now);

 private:
  MonoTime next_{};  // Long past: the first time is at once.
  int asked_ = 0;
  bool found_ = false;
};

}  // namespace phase::dht
