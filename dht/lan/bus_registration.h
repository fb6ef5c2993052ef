// dht/lan/bus_registration.h
// Our service in avahi-daemon's hands, over the bus: added, changed, renamed where the name is
// somebody else's, withdrawn. Part of AvahiBus.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "dht/lan/bus.h"
#include "dht/lan/lines.h"
#include "proto/ports.h"

namespace phase::dht::lan {

class BusRegistration {
 public:
  /// `lost_name`: a name that was tried turned out to be somebody else's.
  BusRegistration(Bus& bus, std::function<void(const Report&)> tell,
                  std::function<void(const std::string&)> lost_name)
      : bus_(bus), tell_(std::move(tell)), lost_name_(std::move(lost_name)) {}

  void listen();
  /// A daemon that is gone has forgotten us, and what is to be registered is asked for anew.
  void daemon_changed(bool here);
  void set(std::optional<Publish> service);
  void tick(MonoTime now);
  [[nodiscard]] std::optional<MonoTime> deadline() const { return retry_at_; }

 private:
  void make_group();
  void add();
  void update_txt();
  void state_changed(int state);
  void conflict();
  void failed(const std::string& what);

  Bus& bus_;
  std::function<void(const Report&)> tell_;
  std::function<void(const std::string&)> lost_name_;
  bool here_ = false;
  std::string group_;            ///< The daemon's object; empty: none yet.
  bool making_ = false;
  std::optional<Publish> wanted_;
  std::string name_;             ///< That is tried or held now.
  bool established_ = false;
  unsigned conflicts_ = 0;
  std::optional<MonoTime> retry_at_;
};

}  // namespace phase::dht::lan
