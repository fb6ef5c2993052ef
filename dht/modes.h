// dht/modes.h
// What only_on_link, anonymous and socks5 mean for a session's other options, in one place. Pure.
#pragma once

#include "dht/session.h"
#include "proto/result.h"

namespace phase::dht {

/// `options` with everything off that the restrictions among them rule out. What is said there
/// besides is what a session does. kUsage where two of them cannot both be kept.
[[nodiscard]] Result<SessionOptions> restricted(SessionOptions options);

}  // namespace phase::dht
