// dht/lan/instance_name.h
// Names of service instances (RFC 6763 4.1.1: any bytes, at most 63), and what to do when one is
// taken. Pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace phase::dht::lan {

/// For people and logs: other bytes than printable ASCII, and the backslash, as \DDD (RFC 1035
/// 5.1). Two names never look the same.
[[nodiscard]] std::string printable_instance(std::string_view untrusted);

/// The name to try after a conflict: "Name", "Name #2", "Name #3"; never over 63 bytes.
[[nodiscard]] std::string alternative_instance(std::string_view name);

/// How long to wait before it is tried, after so many conflicts: RFC 6762 8.1 wants five seconds
/// after fifteen, so that two who cannot agree do not fill the link.
[[nodiscard]] std::chrono::seconds pause_after_conflict(unsigned conflicts);

}  // namespace phase::dht::lan
