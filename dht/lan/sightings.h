// dht/lan/sightings.h
// What a child saw, by interface and protocol, becomes nodes: one per instance, with all its
// addresses. Every byte is a stranger's. Pure: the owner passes reports and time in, events come
// out.
//
// Bounds: kMaxLanNodes nodes, of which one address may have kMaxNodesPerAddress: a flood from
// one host leaves room for others. Where all are taken, the oldest goes; each node was told once
// by then.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "dht/lan/lan.h"
#include "dht/lan/lines.h"
#include "proto/ports.h"

namespace phase::dht::lan {

inline constexpr std::size_t kMaxNodesPerAddress = 16;
inline constexpr std::size_t kMaxNodeAddresses = 8;
inline constexpr std::size_t kMaxSightings = 16;  ///< Of one node.

class Sightings {
 public:
  /// Another child reports from now on: what is known stays until it had time to see it again.
  void restart();
  /// Our own service's name, never reported.
  void set_own(const std::string& instance);

  [[nodiscard]] std::vector<LanEvent> seen(const Seen& untrusted);
  [[nodiscard]] std::vector<LanEvent> lost(const Lost& untrusted);
  /// The child has said what answers at once; what it has not seen again goes soon after.
  void all_for_now(MonoTime now);
  [[nodiscard]] std::vector<LanEvent> tick(MonoTime now);
  [[nodiscard]] std::optional<MonoTime> deadline() const { return sweep_at_; }

  [[nodiscard]] std::vector<LanNode> nodes() const;

 private:
  using Place = std::tuple<std::uint32_t, bool, bool>;  ///< Interface, by IPv6, address is IPv6.
  struct Sight {
    Endpoint address;
    std::uint64_t round = 0;
  };
  struct Known {
    std::map<Place, Sight> sights;
    LanService service;
    std::optional<LanNode> told;
    std::uint64_t order = 0;
  };
  [[nodiscard]] bool crowded(const Endpoint& address, const std::string& but) const;
  void make_room(std::vector<LanEvent>& events);
  void forget(const std::string& instance, std::vector<LanEvent>& events);
  static void tell(const std::string& instance, Known& known, std::vector<LanEvent>& events);

  std::map<std::string, Known> known_;  ///< By instance as it came.
  std::string own_;
  std::uint64_t round_ = 0;
  std::uint64_t next_order_ = 0;
  std::optional<MonoTime> sweep_at_;
  unsigned refused_ = 0;
};

}  // namespace phase::dht::lan
