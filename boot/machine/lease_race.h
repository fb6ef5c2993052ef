// boot/machine/lease_race.h
// Decides on which interfaces DHCP is tried and when, and whose lease is taken. Pure: links,
// results and `now` come in; what to start and who won go out. The owner runs the attempts.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "boot/machine/dhcp_lease.h"
#include "boot/machine/rtnetlink.h"
#include "proto/ports.h"

namespace phase::boot {

struct LeaseRaceOptions {
  Duration first_pause = std::chrono::seconds(1);
  Duration longest_pause = std::chrono::seconds(16);
  /// How long others may still bring a lease with a route after one without came.
  Duration route_grace = std::chrono::seconds(3);
};

class LeaseRace {
 public:
  explicit LeaseRace(const LeaseRaceOptions& options = {}) : options_(options) {}

  /// All interfaces that may be used, as they are now; one that is missing has gone.
  void set_links(const std::vector<Link>& links, MonoTime now);
  /// Where an attempt is to be started now; each is running from here on.
  [[nodiscard]] std::vector<int> take_starts(MonoTime now);
  /// The attempt ended. Tried again after a pause that doubles from attempt to attempt.
  void failed(int index, const std::string& why, MonoTime now);
  void leased(int index, const DhcpLease& lease, MonoTime now);

  struct Winner {
    int index = 0;
    std::string name;
    DhcpLease lease;
  };
  /// The first lease with a router at once; one without when nobody else can bring one any more
  /// or the grace is over.
  [[nodiscard]] std::optional<Winner> winner(MonoTime now) const;
  /// When to ask take_starts() or winner() again; none while only events change anything.
  [[nodiscard]] std::optional<MonoTime> deadline() const;

  [[nodiscard]] bool any_carrier() const;
  /// "eth0 (carrier, 3 attempts, last: no usable answer), eth1 (no carrier)".
  [[nodiscard]] std::string summary() const;

 private:
  struct Entry {
    std::string name;
    bool carrier = false;
    bool running = false;
    int attempts = 0;
    MonoTime next_start{};
    Duration pause{};
    std::string last_failure;
    std::optional<DhcpLease> lease;
    MonoTime leased_at{};
  };
  [[nodiscard]] bool somebody_else_tries() const;

  LeaseRaceOptions options_;
  std::map<int, Entry> entries_;
};

}  // namespace phase::boot
