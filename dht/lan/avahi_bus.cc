#include "dht/lan/avahi_bus.h"

#include <systemd/sd-bus.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "dht/lan/bus.h"
#include "dht/lan/bus_registration.h"
#include "dht/lan/service_type.h"

namespace phase::dht::lan {
namespace {

using std::chrono::milliseconds;

constexpr const char* kServer = "org.freedesktop.Avahi.Server";
constexpr const char* kBrowser = "org.freedesktop.Avahi.ServiceBrowser";
constexpr const char* kResolver = "org.freedesktop.Avahi.ServiceResolver";
constexpr int kAny = -1;
constexpr int kInet = 0;
constexpr int kInet6 = 1;
constexpr std::uint32_t kOurOwn = 16;  // AVAHI_LOOKUP_RESULT_OUR_OWN.

/// As in phase-lan (browsing.cc).
constexpr milliseconds kLastAnswers{300};
constexpr std::chrono::seconds kFirstRetry{2};
constexpr std::chrono::seconds kLongestRetry{60};

using Key = std::tuple<int, int, std::string>;  ///< Interface, protocol, instance.

struct Item {
  std::string paths[2];  ///< Of the daemon's resolvers for A and AAAA; empty: none (yet).
  unsigned open = 0;     ///< Resolvers that have not failed.
  bool resolved = false;
  unsigned failures = 0;
  std::optional<MonoTime> retry_at;
};

std::vector<std::string> strings_of(sd_bus_message* message) {
  std::vector<std::string> out;
  if (sd_bus_message_enter_container(message, 'a', "ay") < 0) return out;
  const void* bytes = nullptr;
  std::size_t size = 0;
  while (sd_bus_message_read_array(message, 'y', &bytes, &size) > 0) {
    out.emplace_back(static_cast<const char*>(bytes), size);
  }
  sd_bus_message_exit_container(message);
  return out;
}

}  // namespace

struct AvahiBus::State {
  State(bool browse, Tell the_tell)
      : browses(browse), tell(std::move(the_tell)),
        registration(bus, tell, [this](const std::string& name) { not_ours(name); }) {}

  void daemon_changed(bool here) {
    if (here == daemon_here && asked) return;
    asked = true;
    daemon_here = here;
    items.clear();
    ours.clear();
    by_path.clear();
    browser.clear();
    browsed_at.reset();
    tell(Daemon{here});
    if (here) tell(Ready{});
    registration.daemon_changed(here);
    if (here && browses) browse();
  }

  void browse() {
    bus.call("/", kServer, "ServiceBrowserNew",
             [](sd_bus_message* message) {
               sd_bus_message_append(message, "iissu", kAny, kAny, kServiceType, "", 0U);
             },
             [this](sd_bus_message* answer, const std::string& error) {
               const char* path = nullptr;
               if (answer != nullptr && sd_bus_message_read(answer, "o", &path) > 0) {
                 browser = path;
               } else {
                 tell(Note{"avahi-daemon does not browse: " + error});
                 tell(AllForNow{});
               }
             });
  }

  /// Signals of a browser may come before the answer that names it; it is the only one there is.
  void item_new(sd_bus_message* message) {
    int interface = 0;
    int protocol = 0;
    const char* name = nullptr;
    const char* type = nullptr;
    const char* domain = nullptr;
    std::uint32_t flags = 0;
    if (sd_bus_message_read(message, "iisssu", &interface, &protocol, &name, &type, &domain,
                            &flags) < 0) {
      return;
    }
    Key key{interface, protocol, name};
    if ((flags & kOurOwn) != 0) {
      ours.insert(std::move(key));
    } else {
      follow(std::move(key));
    }
  }

  void follow(Key key) {
    if (items.size() >= kMaxBusItems) return;
    const auto [entry, added] = items.try_emplace(std::move(key));
    if (added) resolve(entry->first, entry->second);
  }

  /// We do not have this name after all: whoever was seen under it is somebody else.
  void not_ours(const std::string& instance) {
    std::vector<Key> theirs;
    for (const auto& key : ours) {
      if (std::get<2>(key) == instance) theirs.push_back(key);
    }
    for (auto& key : theirs) {
      ours.erase(key);
      follow(std::move(key));
    }
  }

  void resolve(const Key& key, Item& item) {
    item.retry_at.reset();
    // Responders tell no IPv4 address by IPv6.
    if (std::get<1>(key) == kInet) ask(key, item, kInet);
    ask(key, item, kInet6);
  }

  void ask(const Key& key, Item& item, int family) {
    ++item.open;
    bus.call("/", kServer, "ServiceResolverNew",
             [&](sd_bus_message* message) {
               sd_bus_message_append(message, "iisssiu", std::get<0>(key), std::get<1>(key),
                                     std::get<2>(key).c_str(), kServiceType, "", family, 0U);
             },
             [this, key, family](sd_bus_message* answer, const std::string& /*error*/) {
               const char* path = nullptr;
               const bool made =
                   answer != nullptr && sd_bus_message_read(answer, "o", &path) > 0;
               const auto entry = items.find(key);
               if (entry == items.end()) {
                 if (made) free(path);
               } else if (made) {
                 entry->second.paths[family] = path;
                 by_path[path] = key;
               } else {
                 unresolved(entry->second);
               }
             });
  }

  void free(const std::string& path) {
    by_path.erase(path);
    bus.call(path, kResolver, "Free", {}, {});
  }

  void unresolved(Item& item) {
    if (item.open > 0) --item.open;
    if (item.open > 0 || item.resolved) return;
    const auto pause = std::min<Duration>(kFirstRetry * (1U << std::min(item.failures++, 5U)),
                                          kLongestRetry);
    item.retry_at = std::chrono::steady_clock::now() + pause;
  }

  void item_removed(sd_bus_message* message) {
    int interface = 0;
    int protocol = 0;
    const char* name = nullptr;
    if (sd_bus_message_read(message, "iis", &interface, &protocol, &name) < 0) return;
    ours.erase(Key{interface, protocol, name});
    const auto entry = items.find(Key{interface, protocol, name});
    if (entry == items.end()) return;
    for (const auto& path : entry->second.paths) {
      if (!path.empty()) free(path);
    }
    tell(Lost{static_cast<std::uint32_t>(interface), protocol == kInet6, name});
    items.erase(entry);
  }

  void found(sd_bus_message* message) {
    int interface = 0;
    int protocol = 0;
    int family = 0;
    const char* name = nullptr;
    const char* type = nullptr;
    const char* domain = nullptr;
    const char* host = nullptr;
    const char* address = nullptr;
    std::uint16_t port = 0;
    if (sd_bus_message_read(message, "iissssisq", &interface, &protocol, &name, &type, &domain,
                            &host, &family, &address, &port) < 0) {
      return;
    }
    auto txt = strings_of(message);
    const auto entry = items.find(Key{interface, protocol, name});
    if (entry == items.end()) return;
    entry->second.resolved = true;
    entry->second.failures = 0;
    tell(Seen{static_cast<std::uint32_t>(interface), protocol == kInet6, name, address, port,
              std::move(txt)});
  }

  void failure(const std::string& path) {
    const auto named = by_path.find(path);
    if (named == by_path.end()) return;
    const auto entry = items.find(named->second);
    free(std::string(path));
    if (entry == items.end()) return;
    for (auto& one : entry->second.paths) {
      if (one == path) one.clear();
    }
    unresolved(entry->second);
  }

  void listen() {
    bus.on_signal(kBrowser, "ItemNew", [this](auto* message, const auto&) { item_new(message); });
    bus.on_signal(kBrowser, "ItemRemove",
                  [this](auto* message, const auto&) { item_removed(message); });
    bus.on_signal(kBrowser, "AllForNow", [this](auto*, const auto&) {
      if (!browsed_at) browsed_at = std::chrono::steady_clock::now() + kLastAnswers;
    });
    bus.on_signal(kResolver, "Found", [this](auto* message, const auto&) { found(message); });
    bus.on_signal(kResolver, "Failure",
                  [this](auto*, const std::string& path) { failure(path); });
    registration.listen();
    bus.follow_daemon([this](bool here) { daemon_changed(here); });
  }

  [[nodiscard]] bool waits() const {
    return std::any_of(items.begin(), items.end(), [](const auto& entry) {
      return !entry.second.resolved && entry.second.failures == 0;
    });
  }

  void tick(MonoTime now) {
    registration.tick(now);
    if (browsed_at && (now >= *browsed_at || !waits())) {
      browsed_at.reset();
      tell(AllForNow{});
    }
    for (auto& [key, item] : items) {
      if (item.retry_at && now >= *item.retry_at) resolve(key, item);
    }
  }

  bool browses;
  Tell tell;
  Bus bus;
  BusRegistration registration;
  bool asked = false;
  bool daemon_here = false;
  std::string browser;
  std::map<Key, Item> items;
  std::set<Key> ours;      ///< Seen under the name that we have or try.
  std::map<std::string, Key> by_path;
  std::optional<MonoTime> browsed_at;
};

AvahiBus::AvahiBus(bool browse, Tell tell)
    : state_(std::make_unique<State>(browse, std::move(tell))) {}
AvahiBus::~AvahiBus() = default;

Result<void> AvahiBus::connect() {
  if (auto connected = state_->bus.connect(); !connected) return connected.error();
  state_->listen();
  return {};
}

void AvahiBus::publish(Publish service) { state_->registration.set(std::move(service)); }
void AvahiBus::withdraw() { state_->registration.set(std::nullopt); }

int AvahiBus::fd() const { return state_->bus.fd(); }
short AvahiBus::events() const { return state_->bus.events(); }

std::optional<MonoTime> AvahiBus::deadline() const {
  auto first = state_->bus.deadline();
  const auto consider = [&](const std::optional<MonoTime>& at) {
    if (at && (!first || *at < *first)) first = at;
  };
  consider(state_->browsed_at);
  consider(state_->registration.deadline());
  for (const auto& [key, item] : state_->items) consider(item.retry_at);
  return first;
}

Result<void> AvahiBus::process(MonoTime now) {
  if (auto done = state_->bus.process(); !done) return done.error();
  state_->tick(now);
  return {};
}

}  // namespace phase::dht::lan
