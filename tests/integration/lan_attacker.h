// tests/integration/lan_attacker.h
// A hostile host on the link: multicast DNS datagrams of its own making.
#pragma once

#include <string>

#include "sim/network.h"

namespace phase::lan_test {

/// Service number `i` of a flood: PTR, SRV, TXT and an address of its own.
std::string forged_service(int i);

class Attacker {
 public:
  explicit Attacker(const sim::Host& host);
  ~Attacker();
  Attacker(const Attacker&) = delete;
  Attacker& operator=(const Attacker&) = delete;
  /// To 224.0.0.251; false where the kernel did not take it.
  [[nodiscard]] bool send(const std::string& datagram) const;

 private:
  int socket_ = -1;
};

}  // namespace phase::lan_test
