// dht/port_watch.h
// Makes a Reachability of libtorrent's alerts. Only for dht/*.cc. Threads: the owner's.
// Bounds: kMaxPortFacts of each list.
#pragma once

#include <libtorrent/fwd.hpp>
#include <libtorrent/session_handle.hpp>
#include <vector>

#include "dht/on_link.h"
#include "dht/port_mapping.h"

namespace phase::dht {

inline constexpr std::size_t kMaxPortFacts = 16;

class PortWatch {
 public:
  explicit PortWatch(bool asks_routers) { facts_.asks_routers = asks_routers; }

  /// Asks routers for `port` as well, where they are asked at all: once the session listens, and each
  /// time that it listens elsewhere.
  void map_http(libtorrent::session_handle& session, std::uint16_t port);
  /// Those are its addresses now.
  void moved(const std::vector<Endpoint>& listening);

  /// True where it was about this.
  bool handle(const libtorrent::alert& alert, MonoTime now);
  void punch_holes(bool yes) { facts_.punches_holes = yes; }
  [[nodiscard]] const Reachability& facts() const { return facts_; }

 private:
  void connected_from(const Endpoint& peer, bool utp, MonoTime now);

  [[nodiscard]] bool is_http(libtorrent::port_mapping_t mapping) const;

  Reachability facts_;
  std::vector<libtorrent::port_mapping_t> http_;
  OnLink links_{{}};
  MonoTime links_read_{};
};

}  // namespace phase::dht
