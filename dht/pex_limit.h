// dht/pex_limit.h
// Which of the peers that others name (BEP 11) are tried. Whoever names them may lie, and have us knock at
// strangers' doors: so each address names so many in all, however often it comes, and of one host a few
// ports, since hardly anybody has more of one release. Pure. Threads: the owner's.
// Bounds: kMaxNamers addresses are remembered; those that come later name nobody.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "proto/endpoint.h"

namespace phase::dht {

class PexLimit {
 public:
  static constexpr std::size_t kMaxNamers = 512;
  static constexpr std::size_t kPeersOfOne = 200;
  static constexpr std::size_t kPortsOfHost = 8;

  /// Those of `named` that `namer` had not named before and may name. Nobody but this host itself names
  /// its loopback addresses.
  [[nodiscard]] std::vector<Endpoint> admit(const Endpoint& namer,
                                            const std::vector<Endpoint>& named);

 private:
  struct Named {
    std::set<Endpoint> peers;
    std::map<Endpoint, std::size_t> ports;  ///< By host, port 0.
  };
  std::map<Endpoint, Named> namers_;  ///< By address, port 0; of IPv6 the network, a /64.
};

}  // namespace phase::dht
