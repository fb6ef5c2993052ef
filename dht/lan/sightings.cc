#include "dht/lan/sightings.h"

#include <algorithm>
#include <utility>

#include "dht/lan/instance_name.h"

namespace phase::dht::lan {
namespace {

constexpr std::chrono::seconds kSweepPause{5};
/// Lines in the log that strangers can cause.
constexpr unsigned kMaxRefusalNotes = 4;

/// Where a node can be asked. fe80:: would need the interface too, which an Endpoint has not.
std::optional<Endpoint> usable_address(const std::string& untrusted) {
  const auto address = parse_address(untrusted, 0);
  if (!address) return std::nullopt;
  const auto& bytes = address->address;
  if (!address->v6) {
    const bool usable = bytes[0] != 0 && bytes[0] != 127 && bytes[0] < 224;
    return usable ? address : std::nullopt;
  }
  const bool special = bytes[0] == 0 || bytes[0] == 0xFF;  // ::, ::1, mapped; multicast.
  const bool link_local = bytes[0] == 0xFE && (bytes[1] & 0xC0) == 0x80;
  return special || link_local ? std::nullopt : address;
}

}  // namespace

void Sightings::restart() {
  ++round_;
  sweep_at_.reset();
}

void Sightings::set_own(const std::string& instance) {
  own_ = instance;
  known_.erase(own_);
}

bool Sightings::crowded(const Endpoint& address, const std::string& but) const {
  std::size_t count = 0;
  for (const auto& [instance, known] : known_) {
    const bool here = std::any_of(known.sights.begin(), known.sights.end(), [&](const auto& sight) {
      return sight.second.address == address;
    });
    if (here && instance != but) ++count;
  }
  return count >= kMaxNodesPerAddress;
}

void Sightings::make_room(std::vector<LanEvent>& events) {
  if (known_.size() < kMaxLanNodes) return;
  const auto oldest =
      std::min_element(known_.begin(), known_.end(), [](const auto& a, const auto& b) {
        return a.second.order < b.second.order;
      });
  const std::string instance = oldest->first;
  forget(instance, events);
}

void Sightings::forget(const std::string& instance, std::vector<LanEvent>& events) {
  const auto entry = known_.find(instance);
  if (entry->second.told) events.push_back(LanGone{entry->second.told->instance});
  known_.erase(entry);
}

void Sightings::tell(const std::string& instance, Known& known, std::vector<LanEvent>& events) {
  LanNode node{printable_instance(instance), {}, known.service};
  for (const auto& [place, sight] : known.sights) node.addresses.push_back(sight.address);
  std::sort(node.addresses.begin(), node.addresses.end(), [](const auto& a, const auto& b) {
    return std::tie(a.v6, a.address) < std::tie(b.v6, b.address);
  });
  node.addresses.erase(std::unique(node.addresses.begin(), node.addresses.end()),
                       node.addresses.end());
  if (node.addresses.size() > kMaxNodeAddresses) node.addresses.resize(kMaxNodeAddresses);
  const bool same = known.told && known.told->addresses == node.addresses &&
                    known.told->service == node.service;
  if (same) return;
  known.told = node;
  events.push_back(LanFound{std::move(node)});
}

std::vector<LanEvent> Sightings::seen(const Seen& untrusted) {
  std::vector<LanEvent> events;
  const auto address = usable_address(untrusted.address);
  if (untrusted.instance.empty() || untrusted.instance.size() > kMaxInstanceBytes ||
      untrusted.instance == own_ || !address) {
    return events;
  }
  auto service = decode_txt(untrusted.txt);
  if (!service) {
    if (refused_++ < kMaxRefusalNotes) {
      events.push_back(LanNote{"'" + printable_instance(untrusted.instance) + "' at " +
                               address->host() + ": " + service.error().detail});
    }
    return events;
  }
  // Somebody who publishes by hand says one port, where web seeds are.
  if (service->peer_port == 0 && service->http_port == 0) service->http_port = untrusted.port;
  if (crowded(*address, untrusted.instance)) return events;
  if (!known_.contains(untrusted.instance)) make_room(events);
  const auto [entry, added] = known_.try_emplace(untrusted.instance);
  Known& known = entry->second;
  if (added) known.order = next_order_++;
  const Place place{untrusted.interface, untrusted.v6, address->v6};
  if (known.sights.size() >= kMaxSightings && !known.sights.contains(place)) return events;
  known.sights[place] = Sight{*address, round_};
  known.service = std::move(*service);
  tell(entry->first, known, events);
  return events;
}

std::vector<LanEvent> Sightings::lost(const Lost& untrusted) {
  std::vector<LanEvent> events;
  const auto entry = known_.find(untrusted.instance);
  if (entry == known_.end()) return events;
  auto& sights = entry->second.sights;
  std::erase_if(sights, [&](const auto& sight) {
    return std::get<0>(sight.first) == untrusted.interface &&
           std::get<1>(sight.first) == untrusted.v6;
  });
  if (sights.empty()) {
    forget(untrusted.instance, events);
  } else {
    tell(entry->first, entry->second, events);
  }
  return events;
}

void Sightings::all_for_now(MonoTime now) {
  if (!sweep_at_) sweep_at_ = now + kSweepPause;
}

std::vector<LanEvent> Sightings::tick(MonoTime now) {
  std::vector<LanEvent> events;
  if (!sweep_at_ || now < *sweep_at_) return events;
  sweep_at_.reset();
  std::vector<std::string> gone;
  for (auto& [instance, known] : known_) {
    std::erase_if(known.sights,
                  [&](const auto& sight) { return sight.second.round != round_; });
    if (known.sights.empty()) {
      gone.push_back(instance);
    } else {
      tell(instance, known, events);
    }
  }
  for (const auto& instance : gone) forget(instance, events);
  return events;
}

std::vector<LanNode> Sightings::nodes() const {
  std::vector<LanNode> out;
  for (const auto& [instance, known] : known_) {
    if (known.told) out.push_back(*known.told);
  }
  return out;
}

}  // namespace phase::dht::lan
