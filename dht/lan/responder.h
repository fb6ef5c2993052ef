// dht/lan/responder.h
// One mDNS responder on libavahi-core: browses _phase-boot._tcp on every interface but loopback,
// and registers one service of ours. What it hears goes out as reports, unjudged.
//
// The host name is random, so nothing tells who we are, and no record of the host itself is
// published: an avahi-daemon on the same host goes on undisturbed.
//
// Threads: the loop's. Bounds: kMaxItems services, Avahi's cache of kCacheEntries per interface;
// where a flood fills them, everything is forgotten and asked again.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "dht/lan/lines.h"
#include "dht/lan/poll_loop.h"
#include "proto/ports.h"
#include "proto/result.h"

namespace phase::dht::lan {

class Responder {
 public:
  using Tell = std::function<void(const Report&)>;
  Responder(PollLoop& loop, bool browse, Tell tell);
  ~Responder();  ///< Says goodbye to the LAN.
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;

  /// kNetwork where there is no socket to be had.
  Result<void> start();
  void publish(Publish service);
  void withdraw();
  /// An address of this host came or went.
  void addresses_changed();
  /// To be called at deadline() or sooner.
  Result<void> tick(MonoTime now);
  [[nodiscard]] std::optional<MonoTime> deadline() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace phase::dht::lan
