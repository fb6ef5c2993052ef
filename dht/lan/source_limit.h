// dht/lan/source_limit.h
// How many datagrams one address may have read: kBurst at once, kPerSecond after that. Who floods
// the link is cut off before it costs more than a look. A source address can be forged; whoever
// does that for each datagram shares what is left with the others that are new. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <map>

#include "proto/ports.h"

namespace phase::dht::lan {

class SourceLimit {
 public:
  using Source = std::array<std::uint8_t, 16>;  ///< IPv4 in the first four bytes.
  static constexpr double kBurst = 256;
  static constexpr double kPerSecond = 64;
  static constexpr std::size_t kMaxSources = 256;

  /// False: one too many.
  [[nodiscard]] bool admit(const Source& source, MonoTime now);

 private:
  struct Bucket {
    double left = kBurst;
    MonoTime at;
  };
  static bool take(Bucket& bucket, MonoTime now);
  void make_room(MonoTime now);

  std::map<Source, Bucket> buckets_;
  Bucket shared_;  ///< For sources that have no room of their own.
};

}  // namespace phase::dht::lan
