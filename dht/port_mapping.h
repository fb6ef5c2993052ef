// dht/port_mapping.h
// Whether strangers reach a session: what routers answered when they were asked to let them in
// (UPnP, NAT-PMP, PCP: libtorrent speaks these), who came from beyond our links, which address
// others see us by. All of it is what the network says: untrusted, and bounded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/endpoint.h"
#include "proto/ports.h"

namespace phase::dht {

/// A port that a router says it hands on to us.
struct PortMapping {
  std::string by;               ///< "UPnP" or "NAT-PMP" (PCP counts as that).
  bool tcp = false;
  bool http = false;            ///< For SessionOptions::http_port; else for peers.
  std::uint16_t port = 0;       ///< The router's.
  Endpoint from;                ///< Our address that it was asked for; port 0.
  auto operator<=>(const PortMapping&) const = default;
};

struct Reachability {
  bool asks_routers = false;
  std::vector<PortMapping> mappings;
  /// Why a router lets nobody in: "UPnP at 192.168.1.7: no router found".
  std::vector<std::string> failures;
  /// By the word of DHT nodes; port 0.
  std::vector<Endpoint> seen_as;
  /// Connections that peers beyond our links began, but for those counted below.
  std::uint64_t strangers = 0;
  std::optional<MonoTime> last_stranger;
  bool punches_holes = false;
  /// Of these peers, those who came by uTP meanwhile: our own packets have opened them the way.
  std::uint64_t punched = 0;
  std::optional<MonoTime> last_punched;
};

}  // namespace phase::dht
