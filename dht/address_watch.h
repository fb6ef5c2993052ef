// dht/address_watch.h
// Follows the addresses of this host: a lease that names another one, another Wi-Fi, a cable that is
// plugged in. Decides when sockets have to be others; opening them is the owner's. A list that two
// looks in a row have seen counts, and one without any address but loopback never does: between two
// addresses there often is none, and the old sockets do no harm until there is.
//
// Threads: the owner's. Bounds: kMaxTries for an address that cannot be listened on (an IPv6 address is
// not usable for its first second).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "proto/endpoint.h"
#include "proto/ports.h"

namespace phase::dht {

class AddressWatch {
 public:
  static constexpr std::chrono::seconds kLook{2};
  static constexpr int kMaxTries = 5;
  using Look = std::function<std::vector<Endpoint>()>;

  /// `open`: where is listened now. `look` gives the addresses that there are, with their port.
  AddressWatch(std::vector<Endpoint> open, Look look);

  /// Where to listen from now on, where that is another list than before.
  [[nodiscard]] std::optional<std::vector<Endpoint>> tick(MonoTime now);
  [[nodiscard]] MonoTime next_tick() const { return next_; }
  /// It could not be listened on: it is tried again.
  void failed(const Endpoint& at);

 private:
  std::vector<Endpoint> open_;  // Sorted, as is seen_.
  std::vector<Endpoint> seen_;
  std::map<Endpoint, int> tries_;
  Look look_;
  MonoTime next_{};
};

}  // namespace phase::dht
