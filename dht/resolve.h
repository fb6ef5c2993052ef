// dht/resolve.h
// Bootstrap names to addresses, with a deadline for all of them together.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "proto/endpoint.h"
#include "proto/result.h"

namespace phase::dht {

/// The operators that `--bootstrap default` means.
[[nodiscard]] const std::vector<std::string>& default_bootstrap();

/// Each of `names` is HOST:PORT, "[v6]:PORT" or a literal. Literals cost nothing; names are
/// resolved side by side. What did not resolve in time is left out; kUsage where one is no
/// HOST:PORT at all.
[[nodiscard]] Result<std::vector<Endpoint>> resolve_nodes(const std::vector<std::string>& names,
                                                          std::chrono::milliseconds deadline);

}  // namespace phase::dht
