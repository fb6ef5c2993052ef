// dht/lan/browsing.h
// The services that libavahi-core sees, resolved to address, port and TXT as soon as they are
// known, and followed while they are there. Part of Responder, which owns the server.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "dht/lan/lines.h"
#include "proto/ports.h"

struct AvahiServer;
struct AvahiSServiceBrowser;
struct AvahiSServiceResolver;

namespace phase::dht::lan {

inline constexpr std::size_t kMaxItems = 1024;  ///< Names, per interface and protocol.

class Browsing {
 public:
  explicit Browsing(std::function<void(const Report&)> tell) : tell_(std::move(tell)) {}

  void attach(AvahiServer* server);
  void detach();
  /// More was seen than is followed: what is hidden behind it is found only by asking anew.
  [[nodiscard]] bool flooded() const { return flooded_; }

  /// We do not have this name after all: whoever was seen under it is somebody else.
  void not_ours(const std::string& instance);

  void tick(MonoTime now);
  [[nodiscard]] std::optional<MonoTime> deadline() const;

  // For the callbacks of Avahi.
  using Key = std::tuple<int, int, std::string>;  ///< Interface, protocol, instance.
  void on_new(Key key, bool ours);
  void on_removed(const Key& key);
  void on_all_for_now();
  void on_resolved(const Key& key, const Seen& seen);
  void on_unresolved(const Key& key, AvahiSServiceResolver* resolver);

 private:
  struct Item {
    AvahiSServiceResolver* v4 = nullptr;  ///< Asks for an A record.
    AvahiSServiceResolver* v6 = nullptr;  ///< For AAAA.
    bool resolved = false;
    unsigned failures = 0;
    std::optional<MonoTime> retry_at;
  };
  void resolve(const Key& key, Item& item);
  static void release(Item& item);
  [[nodiscard]] bool waits() const;

  std::function<void(const Report&)> tell_;
  AvahiServer* server_ = nullptr;
  AvahiSServiceBrowser* browser_ = nullptr;
  std::map<Key, Item> items_;
  std::set<Key> ours_;                  ///< Seen under the name that we have or try.
  bool flooded_ = false;
  std::optional<MonoTime> browsed_at_;  ///< When all-for-now is told, whoever is still awaited.
};

}  // namespace phase::dht::lan
