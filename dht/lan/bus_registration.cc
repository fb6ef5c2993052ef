#include "dht/lan/bus_registration.h"

#include <systemd/sd-bus.h>

#include <utility>

#include "dht/lan/instance_name.h"
#include "dht/lan/service_type.h"

namespace phase::dht::lan {
namespace {

constexpr const char* kServer = "org.freedesktop.Avahi.Server";
constexpr const char* kGroup = "org.freedesktop.Avahi.EntryGroup";
constexpr const char* kCollision = "org.freedesktop.Avahi.CollisionError";
constexpr int kAny = -1;
constexpr int kEstablished = 2;  // AVAHI_ENTRY_GROUP_ESTABLISHED, _COLLISION, _FAILURE.
constexpr int kConflict = 3;
constexpr int kFailure = 4;

constexpr std::chrono::seconds kFailurePause{10};

void append_txt(sd_bus_message* message, const std::vector<std::string>& txt) {
  sd_bus_message_open_container(message, 'a', "ay");
  for (const auto& text : txt) {
    sd_bus_message_append_array(message, 'y', text.data(), text.size());
  }
  sd_bus_message_close_container(message);
}

}  // namespace

void BusRegistration::listen() {
  bus_.on_signal(kGroup, "StateChanged", [this](auto* message, const std::string& path) {
    int state = 0;
    const char* error = nullptr;
    if (path == group_ && sd_bus_message_read(message, "is", &state, &error) >= 0) {
      state_changed(state);
    }
  });
}

void BusRegistration::daemon_changed(bool here) {
  here_ = here;
  group_.clear();
  making_ = false;
  established_ = false;
  wanted_.reset();
  retry_at_.reset();
}

void BusRegistration::set(std::optional<Publish> service) {
  if (!here_ || service == wanted_) return;
  const bool same_place = service && wanted_ && service->instance == wanted_->instance &&
                          service->port == wanted_->port;
  wanted_ = std::move(service);
  if (!same_place) {
    name_ = wanted_ ? wanted_->instance : std::string{};
    conflicts_ = 0;
  }
  if (same_place && established_) return update_txt();
  if (group_.empty()) return make_group();
  add();
}

void BusRegistration::make_group() {
  if (std::exchange(making_, true)) return;
  bus_.call("/", kServer, "EntryGroupNew", {},
            [this](sd_bus_message* answer, const std::string& error) {
              const char* path = nullptr;
              making_ = false;
              if (answer == nullptr || sd_bus_message_read(answer, "o", &path) <= 0) {
                return failed(error);
              }
              group_ = path;
              add();
            });
}

void BusRegistration::add() {
  retry_at_.reset();
  established_ = false;
  bus_.call(group_, kGroup, "Reset", {}, {});
  if (!wanted_) return;
  bus_.call(group_, kGroup, "AddService",
            [this](sd_bus_message* message) {
              sd_bus_message_append(message, "iiussssq", kAny, kAny, 0U, name_.c_str(),
                                    kServiceType, "", "", wanted_->port);
              append_txt(message, wanted_->txt);
            },
            [this](sd_bus_message* answer, const std::string& error) {
              if (answer != nullptr) return;
              if (error == kCollision) return conflict();
              failed(error);
            });
  // An empty group is refused, which is as well.
  bus_.call(group_, kGroup, "Commit", {}, {});
}

void BusRegistration::update_txt() {
  bus_.call(group_, kGroup, "UpdateServiceTxt",
            [this](sd_bus_message* message) {
              sd_bus_message_append(message, "iiusss", kAny, kAny, 0U, name_.c_str(), kServiceType,
                                    "");
              append_txt(message, wanted_->txt);
            },
            [this](sd_bus_message* answer, const std::string& /*error*/) {
              if (answer == nullptr && !group_.empty()) add();
            });
}

void BusRegistration::state_changed(int state) {
  if (!wanted_) return;
  if (state == kEstablished) {
    established_ = true;
    tell_(Registered{name_});
  }
  if (state == kConflict) conflict();
  if (state == kFailure) failed("avahi-daemon gave it up");
}

void BusRegistration::conflict() {
  established_ = false;
  const std::string taken = std::exchange(name_, alternative_instance(name_));
  tell_(Note{"name conflict: '" + printable_instance(taken) + "' is somebody else's; trying '" +
             printable_instance(name_) + "'"});
  lost_name_(taken);
  const auto now = std::chrono::steady_clock::now();
  retry_at_ = now + pause_after_conflict(++conflicts_);
}

void BusRegistration::failed(const std::string& what) {
  established_ = false;
  tell_(Note{"not registered: " + what});
  retry_at_ = std::chrono::steady_clock::now() + kFailurePause;
}

void BusRegistration::tick(MonoTime now) {
  if (!retry_at_ || now < *retry_at_) return;
  retry_at_.reset();
  if (group_.empty()) {
    make_group();
  } else {
    add();
  }
}

}  // namespace phase::dht::lan
