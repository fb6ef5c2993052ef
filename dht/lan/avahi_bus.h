// dht/lan/avahi_bus.h
// avahi-daemon over its D-Bus interface: browses _phase-boot._tcp through it and registers one
// service of ours, while it is there. Whether it is there is followed (NameOwnerChanged), and no
// call of ours starts it. Every call is answered in its own time; nothing here waits.
//
// Threads: the loop's. Bounds: kMaxBusItems names are followed (the daemon itself has limits for
// each of its clients); a call without answer fails after five seconds.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "dht/lan/lines.h"
#include "proto/ports.h"
#include "proto/result.h"

namespace phase::dht::lan {

/// Each has two objects in the daemon, of the 1,024 that one client may have.
inline constexpr std::size_t kMaxBusItems = 400;

class AvahiBus {
 public:
  using Tell = std::function<void(const Report&)>;
  AvahiBus(bool browse, Tell tell);
  ~AvahiBus();  ///< The daemon withdraws what a client that left had registered.
  AvahiBus(const AvahiBus&) = delete;
  AvahiBus& operator=(const AvahiBus&) = delete;

  /// Connects and asks for the daemon. kNetwork where there is no bus.
  Result<void> connect();
  void publish(Publish service);
  void withdraw();

  /// What to wait for; process() then, and at deadline().
  [[nodiscard]] int fd() const;
  [[nodiscard]] short events() const;
  [[nodiscard]] std::optional<MonoTime> deadline() const;
  /// kNetwork once the bus is gone.
  Result<void> process(MonoTime now);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace phase::dht::lan
