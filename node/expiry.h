// node/expiry.h
// How long a release or a root is still good, and from when on somebody should be told. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "proto/ports.h"

namespace phase::node {

enum class Freshness : std::uint8_t { kGood, kSoon, kExpired };
/// "good", "soon", "expired".
[[nodiscard]] const char* freshness_name(Freshness freshness);

/// Soon: within 30 days, or within the last third of its life where that is shorter. `expires` 0:
/// never. `created` 0: nobody knows.
[[nodiscard]] Freshness freshness_of(WallTime created, WallTime expires, WallTime now);

/// "never expires", "expires in 12 days", "expires in 5 hours", "expired 3 days ago".
[[nodiscard]] std::string expiry_text(WallTime expires, WallTime now);

}  // namespace phase::node
