// dht/on_link.h
// Which addresses are on a link of this host: those within the network of one of its own addresses.
// Local mode speaks to these alone; internet mode prefers them.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "proto/endpoint.h"
#include "proto/result.h"

namespace phase::dht {

struct OnLinkNetwork {
  Endpoint address;         ///< Of this host; the port says nothing.
  std::uint8_t prefix = 0;  ///< Bits.
};

class OnLink {
 public:
  /// As the kernel says now (getifaddrs), lo and point-to-point links left out, fe80:: too: it
  /// means nothing without its interface. kNetwork where the kernel does not say.
  [[nodiscard]] static Result<OnLink> now();
  /// Networks of prefix 0 are left out: they would hold everybody.
  explicit OnLink(std::vector<OnLinkNetwork> networks);

  /// False for loopback, multicast, broadcast, unspecified and for all that is routed. A /32 or
  /// /128 holds nobody, not even this host.
  [[nodiscard]] bool contains(const Endpoint& endpoint) const;
  [[nodiscard]] const std::vector<OnLinkNetwork>& networks() const { return networks_; }
  /// First and last address of a network; both port 0.
  [[nodiscard]] static std::pair<Endpoint, Endpoint> range(const OnLinkNetwork& network);

 private:
  std::vector<OnLinkNetwork> networks_;
};

}  // namespace phase::dht
