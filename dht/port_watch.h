// dht/port_watch.h
// Makes a Reachability of libtorrent's alerts. Only for dht/*.cc. Threads: the owner's.
// Bounds: kMaxPortFacts of each list.
#pragma once

#include <libtorrent/fwd.hpp>

#include "dht/on_link.h"
#include "dht/port_mapping.h"

namespace phase::dht {

inline constexpr std::size_t kMaxPortFacts = 16;

class PortWatch {
 public:
  explicit PortWatch(bool asks_routers) { facts_.asks_routers = asks_routers; }

  /// True where it was about this.
  bool handle(const libtorrent::alert& alert, MonoTime now);
  [[nodiscard]] const Reachability& facts() const { return facts_; }

 private:
  void connected_from(const Endpoint& peer, MonoTime now);

  Reachability facts_;
  OnLink links_{{}};
  MonoTime links_read_{};
};

}  // namespace phase::dht
