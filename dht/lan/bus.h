// dht/lan/bus.h
// The few things we do on the system bus, over sd-bus: calls to avahi-daemon whose answers come as
// callbacks, its signals, and who owns its name. Adapter; throws nothing, decides nothing.
// Threads: the loop's.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proto/ports.h"
#include "proto/result.h"

struct sd_bus;
struct sd_bus_message;

namespace phase::dht::lan {

class Bus {
 public:
  /// Fills the arguments of a call.
  using Write = std::function<void(sd_bus_message*)>;
  /// The answer, or nullptr and the error's name.
  using Answer = std::function<void(sd_bus_message*, const std::string& error)>;

  Bus();
  ~Bus();
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  /// kNetwork where there is no bus.
  Result<void> connect();
  /// Asks avahi-daemon; does not start it. `write` and `answer` may be empty.
  void call(const std::string& path, const char* interface, const char* member, Write write,
            Answer answer);
  /// `taken` for each signal of avahi-daemon's `interface` and `member`, with the object's path.
  void on_signal(const char* interface, const char* member,
                 std::function<void(sd_bus_message*, const std::string& path)> taken);
  /// `here` at once and whenever avahi-daemon comes or goes. A bus that does not answer within
  /// half a second has none.
  void follow_daemon(std::function<void(bool here)> here);

  [[nodiscard]] int fd() const;
  [[nodiscard]] short events() const;
  [[nodiscard]] std::optional<MonoTime> deadline() const;
  /// kNetwork once the bus is gone.
  Result<void> process();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace phase::dht::lan
