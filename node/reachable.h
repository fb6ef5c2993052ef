// node/reachable.h
// Says whether strangers reach this node, and if not, why: for `plasmd status`. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dht/port_mapping.h"
#include "proto/endpoint.h"

namespace phase::node {

enum class Reached : std::uint8_t {
  kYes,    ///< Somebody from beyond the link came in.
  kMaybe,  ///< Nothing stands in the way that is known; nobody has come yet.
  kPunched, ///< Only where both sides send at once (hole punching).
  kNo,     ///< Somebody from beyond the link has no way in that is known.
};
[[nodiscard]] const char* reached_name(Reached reached);

struct ReachedVerdict {
  Reached reached = Reached::kNo;
  std::string why;  ///< A sentence for a person.
};

/// `listening`: addresses that peers can connect to on this host.
[[nodiscard]] ReachedVerdict judge_reachability(const dht::Reachability& facts,
                                                const std::vector<Endpoint>& listening,
                                                MonoTime now);

}  // namespace phase::node
