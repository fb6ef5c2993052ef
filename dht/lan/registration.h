// dht/lan/registration.h
// Our service and our addresses in libavahi-core's hands: added, changed, renamed where the name
// is somebody else's, withdrawn. Part of Responder, which owns the server.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dht/lan/lines.h"
#include "dht/lan/own_addresses.h"
#include "proto/ports.h"

struct AvahiServer;
struct AvahiSEntryGroup;

namespace phase::dht::lan {

class Registration {
 public:
  /// `lost_name`: a name that was tried turned out to be somebody else's.
  Registration(std::function<void(const Report&)> tell,
               std::function<void(const std::string&)> lost_name)
      : tell_(std::move(tell)), lost_name_(std::move(lost_name)) {}

  /// `server` runs and outlives the next detach(): what is wanted is registered.
  void attach(AvahiServer* server);
  /// The server ends, or cannot be used for now.
  void detach();
  void set(std::optional<Publish> service);
  void addresses_changed();

  void tick(MonoTime now);
  [[nodiscard]] std::optional<MonoTime> deadline() const { return retry_at_; }
  /// For the callbacks of Avahi.
  void on_established();
  void on_conflict();
  void on_failure(const char* what);

 private:
  void add_service();
  void add_addresses();

  std::function<void(const Report&)> tell_;
  std::function<void(const std::string&)> lost_name_;
  AvahiServer* server_ = nullptr;
  AvahiSEntryGroup* service_ = nullptr;    ///< The server's.
  AvahiSEntryGroup* addresses_ = nullptr;  ///< The server's.
  std::optional<Publish> wanted_;
  std::string name_;                       ///< That is tried or held now.
  std::vector<OwnAddress> told_;
  bool established_ = false;
  unsigned conflicts_ = 0;
  std::optional<MonoTime> retry_at_;
};

}  // namespace phase::dht::lan
