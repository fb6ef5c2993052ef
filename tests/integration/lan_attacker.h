// tests/integration/lan_attacker.h
// A hostile host on the link: multicast DNS datagrams of its own making.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/network.h"

namespace phase::lan_test {

/// A resource record (RFC 1035 3.2.1) of class IN.
struct Record {
  std::string name;  ///< Dotted.
  unsigned type = 0;
  std::uint32_t ttl = 120;
  std::string data;
};
inline constexpr unsigned kA = 1;
inline constexpr unsigned kCname = 5;
inline constexpr unsigned kPtr = 12;
inline constexpr unsigned kTxt = 16;
inline constexpr unsigned kSrv = 33;

std::string wire_name(const std::string& dotted);
/// An answer with these records.
std::string answer(const std::vector<Record>& records);
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
