// boot/visit.h
// Makes one mode's policy (boot/mode_policy.h) the settings of a session that asks, fetches and
// does not stay, and of the acquire that runs in it. phase-net and `plasmd fetch` both visit so.
#pragma once

#include <optional>
#include <vector>

#include "boot/acquire.h"
#include "boot/mode_policy.h"
#include "dht/session.h"

namespace phase::boot {

struct Visit {
  Mode mode = Mode::kInternet;
  bool dht = true;                 ///< False: not even where the mode would.
  bool lan = true;                 ///< The same.
  bool offline = false;            ///< There is no network: the cache alone.
  std::optional<Endpoint> proxy;   ///< SOCKS5. What cannot go through it is off.
};

/// The DHT is asked; only then are its nodes worth resolving.
[[nodiscard]] bool asks_dht(const Visit& visit);

/// The addresses that are on the link are those of now. `acquire.provider_urls` are dropped where
/// the mode gives none.
Result<void> prepare(const Visit& visit, AcquireOptions& acquire, dht::SessionOptions& session);

}  // namespace phase::boot
