#include "dht/lan/browsing.h"

#include <avahi-common/address.h>
#include <avahi-common/error.h>
#include <avahi-common/strlst.h>
#include <avahi-core/core.h>
#include <avahi-core/lookup.h>

#include <algorithm>
#include <utility>

#include "dht/lan/service_type.h"

namespace phase::dht::lan {
namespace {

using std::chrono::milliseconds;

/// How much longer than Avahi's own second a node that was named but not yet resolved is awaited.
constexpr milliseconds kLastAnswers{300};
constexpr std::chrono::seconds kFirstRetry{2};
constexpr std::chrono::seconds kLongestRetry{60};

std::vector<std::string> strings_of(AvahiStringList* list) {
  std::vector<std::string> out;
  for (; list != nullptr; list = avahi_string_list_get_next(list)) {
    out.emplace_back(reinterpret_cast<const char*>(avahi_string_list_get_text(list)),
                     avahi_string_list_get_size(list));
  }
  return out;
}

void browsed(AvahiSServiceBrowser* /*browser*/, AvahiIfIndex interface, AvahiProtocol protocol,
             AvahiBrowserEvent event, const char* name, const char* /*type*/,
             const char* /*domain*/, AvahiLookupResultFlags flags, void* data) {
  auto* browsing = static_cast<Browsing*>(data);
  const bool ours = (flags & (AVAHI_LOOKUP_RESULT_LOCAL | AVAHI_LOOKUP_RESULT_OUR_OWN)) != 0;
  if (event == AVAHI_BROWSER_ALL_FOR_NOW) browsing->on_all_for_now();
  if (name == nullptr) return;
  if (event == AVAHI_BROWSER_NEW) browsing->on_new({interface, protocol, name}, ours);
  if (event == AVAHI_BROWSER_REMOVE) browsing->on_removed({interface, protocol, name});
}

void resolved(AvahiSServiceResolver* resolver, AvahiIfIndex interface, AvahiProtocol protocol,
              AvahiResolverEvent event, const char* name, const char* /*type*/,
              const char* /*domain*/, const char* /*host*/, const AvahiAddress* address,
              std::uint16_t port, AvahiStringList* txt, AvahiLookupResultFlags /*flags*/,
              void* data) {
  auto* browsing = static_cast<Browsing*>(data);
  if (name == nullptr) return;
  const Browsing::Key key{interface, protocol, name};
  if (event != AVAHI_RESOLVER_FOUND || address == nullptr) {
    return browsing->on_unresolved(key, resolver);
  }
  char text[AVAHI_ADDRESS_STR_MAX];
  if (avahi_address_snprint(text, sizeof text, address) == nullptr) return;
  browsing->on_resolved(key, Seen{static_cast<std::uint32_t>(interface),
                                  protocol == AVAHI_PROTO_INET6, name, text, port,
                                  strings_of(txt)});
}

}  // namespace

void Browsing::attach(AvahiServer* server) {
  server_ = server;
  flooded_ = false;
  // No flag: AVAHI_LOOKUP_USE_MULTICAST follows an alias to itself for ever (CVE-2026-24401).
  browser_ = avahi_s_service_browser_new(server_, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC,
                                         kServiceType, nullptr, static_cast<AvahiLookupFlags>(0),
                                         browsed, this);
  if (browser_ != nullptr) return;
  tell_(Note{std::string("cannot browse: ") + avahi_strerror(avahi_server_errno(server_))});
  tell_(AllForNow{});
}

void Browsing::detach() {
  for (auto& [key, item] : items_) release(item);
  items_.clear();
  ours_.clear();
  if (browser_ != nullptr) avahi_s_service_browser_free(browser_);
  browser_ = nullptr;
  server_ = nullptr;
  browsed_at_.reset();
}

void Browsing::release(Item& item) {
  for (auto** resolver : {&item.v4, &item.v6}) {
    if (*resolver != nullptr) avahi_s_service_resolver_free(*resolver);
    *resolver = nullptr;
  }
}

void Browsing::resolve(const Key& key, Item& item) {
  const int protocol = std::get<1>(key);
  item.retry_at.reset();
  const auto ask = [&](AvahiProtocol family) {
    return avahi_s_service_resolver_new(server_, std::get<0>(key), protocol,
                                        std::get<2>(key).c_str(), kServiceType, nullptr, family,
                                        static_cast<AvahiLookupFlags>(0), resolved, this);
  };
  // Responders tell no IPv4 address by IPv6 (RFC 6762 leaves it open, Avahi does not).
  if (protocol == AVAHI_PROTO_INET) item.v4 = ask(AVAHI_PROTO_INET);
  item.v6 = ask(AVAHI_PROTO_INET6);
}

void Browsing::not_ours(const std::string& instance) {
  std::vector<Key> theirs;
  for (const auto& key : ours_) {
    if (std::get<2>(key) == instance) theirs.push_back(key);
  }
  for (auto& key : theirs) {
    ours_.erase(key);
    on_new(std::move(key), false);
  }
}

void Browsing::on_new(Key key, bool ours) {
  if (items_.contains(key)) return;
  if (ours) {
    ours_.insert(std::move(key));  // As many as there are interfaces.
    return;
  }
  if (items_.size() >= kMaxItems) {
    flooded_ = true;
    return;
  }
  const auto [entry, added] = items_.emplace(std::move(key), Item{});
  resolve(entry->first, entry->second);
}

void Browsing::on_removed(const Key& key) {
  ours_.erase(key);
  const auto entry = items_.find(key);
  if (entry == items_.end()) return;
  release(entry->second);
  items_.erase(entry);
  tell_(Lost{static_cast<std::uint32_t>(std::get<0>(key)), std::get<1>(key) == AVAHI_PROTO_INET6,
             std::get<2>(key)});
}

void Browsing::on_resolved(const Key& key, const Seen& seen) {
  const auto entry = items_.find(key);
  if (entry == items_.end()) return;
  entry->second.resolved = true;
  entry->second.failures = 0;
  tell_(seen);
}

void Browsing::on_unresolved(const Key& key, AvahiSServiceResolver* resolver) {
  const auto entry = items_.find(key);
  if (entry == items_.end()) return;
  Item& item = entry->second;
  (resolver == item.v4 ? item.v4 : item.v6) = nullptr;
  avahi_s_service_resolver_free(resolver);
  if (item.resolved || item.v4 != nullptr || item.v6 != nullptr) return;
  const auto pause = std::min<Duration>(kFirstRetry * (1U << std::min(item.failures++, 5U)),
                                        kLongestRetry);
  item.retry_at = std::chrono::steady_clock::now() + pause;
}

void Browsing::on_all_for_now() {
  if (!browsed_at_) browsed_at_ = std::chrono::steady_clock::now() + kLastAnswers;
}

bool Browsing::waits() const {
  return std::any_of(items_.begin(), items_.end(), [](const auto& entry) {
    return !entry.second.resolved && entry.second.failures == 0;
  });
}

void Browsing::tick(MonoTime now) {
  if (browsed_at_ && (now >= *browsed_at_ || !waits())) {
    browsed_at_.reset();
    tell_(AllForNow{});
  }
  for (auto& [key, item] : items_) {
    if (item.retry_at && now >= *item.retry_at) resolve(key, item);
  }
}

std::optional<MonoTime> Browsing::deadline() const {
  auto first = browsed_at_;
  for (const auto& [key, item] : items_) {
    if (item.retry_at && (!first || *item.retry_at < *first)) first = item.retry_at;
  }
  return first;
}

}  // namespace phase::dht::lan
