#include "boot/visit.h"

#include <utility>

namespace phase::boot {

bool asks_dht(const Visit& visit) {
  return policy_of(visit.mode).dht && visit.dht && !visit.offline && !visit.proxy;
}

Result<void> prepare(const Visit& visit, AcquireOptions& acquire, dht::SessionOptions& session) {
  const ModePolicy& mode = policy_of(visit.mode);
  acquire.use_dht = asks_dht(visit);
  acquire.use_lan = mode.lan && visit.lan && !visit.offline && !visit.proxy;
  acquire.only_cache = visit.offline;
  if (!mode.given || visit.offline) acquire.provider_urls.clear();
  acquire.newer = mode.newer;
  acquire.far_wait = mode.far_wait;
  acquire.near_stall = mode.near_stall;
  acquire.http.socks5 = visit.proxy;

  session.enable_dht = acquire.use_dht;
  // It is gone in seconds: a node that others remember would only cost them time (BEP 43).
  session.read_only_dht = true;
  session.anonymous = mode.anonymous;
  session.socks5 = visit.proxy;
  // Whoever peers tell of may be far; those near come first.
  session.peer_exchange = false;

  if (visit.offline) return {};
  auto near = dht::OnLink::now();
  if (!near) return near.error();
  if (mode.only_on_link) {
    acquire.http.only_on_link = *near;
    session.only_on_link = *near;
  }
  acquire.near = std::move(*near);
  return {};
}

}  // namespace phase::boot
