// node/units.h
// Times and sizes as an operator writes them on a command line.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/result.h"

namespace phase::node {

/// "90d", "12h", "2w", "1y" (365 days) in seconds; "never" is 0. At least a second and at most
/// 100 years; kUsage otherwise.
[[nodiscard]] Result<std::int64_t> parse_lifetime(std::string_view text);
/// "256M", "64K", "1G", "1T" or plain bytes; powers of 1024. kUsage otherwise.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);

}  // namespace phase::node
