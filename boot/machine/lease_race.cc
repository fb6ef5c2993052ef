#include "boot/machine/lease_race.h"

#include <algorithm>

namespace phase::boot {
namespace {

bool has_route(const DhcpLease& lease) { return lease.router != decltype(lease.router){}; }

}  // namespace

void LeaseRace::set_links(const std::vector<Link>& links, MonoTime now) {
  std::erase_if(entries_, [&](const auto& entry) {
    return std::none_of(links.begin(), links.end(),
                        [&](const Link& link) { return link.index == entry.first; });
  });
  for (const auto& link : links) {
    auto& entry = entries_[link.index];
    entry.name = link.name;
    if (link.carrier && !entry.carrier) {
      // A cable was plugged in: whatever failed before says nothing about it.
      entry.next_start = now;
      entry.pause = options_.first_pause;
    }
    entry.carrier = link.carrier;
  }
}

std::vector<int> LeaseRace::take_starts(MonoTime now) {
  std::vector<int> out;
  for (auto& [index, entry] : entries_) {
    if (!entry.carrier || entry.running || entry.lease || entry.next_start > now) continue;
    entry.running = true;
    ++entry.attempts;
    out.push_back(index);
  }
  return out;
}

void LeaseRace::failed(int index, const std::string& why, MonoTime now) {
  const auto found = entries_.find(index);
  if (found == entries_.end()) return;
  auto& entry = found->second;
  entry.running = false;
  entry.last_failure = why;
  entry.next_start = now + entry.pause;
  entry.pause = std::min(entry.pause * 2, options_.longest_pause);
}

void LeaseRace::leased(int index, const DhcpLease& lease, MonoTime now) {
  const auto found = entries_.find(index);
  if (found == entries_.end()) return;
  found->second.running = false;
  found->second.lease = lease;
  found->second.leased_at = now;
}

bool LeaseRace::somebody_else_tries() const {
  return std::any_of(entries_.begin(), entries_.end(), [](const auto& entry) {
    return !entry.second.lease && (entry.second.running || entry.second.carrier);
  });
}

std::optional<LeaseRace::Winner> LeaseRace::winner(MonoTime now) const {
  const Entry* best = nullptr;
  int best_index = 0;
  for (const auto& [index, entry] : entries_) {
    if (!entry.lease) continue;
    const bool routed = has_route(*entry.lease);
    if (!routed && somebody_else_tries() && now < entry.leased_at + options_.route_grace) continue;
    const bool better = best == nullptr || routed > has_route(*best->lease) ||
                        (routed == has_route(*best->lease) && entry.leased_at < best->leased_at);
    if (!better) continue;
    best = &entry;
    best_index = index;
  }
  if (best == nullptr) return std::nullopt;
  return Winner{best_index, best->name, *best->lease};
}

std::optional<MonoTime> LeaseRace::deadline() const {
  std::optional<MonoTime> out;
  const auto earlier = [&](MonoTime at) { out = out ? std::min(*out, at) : at; };
  for (const auto& [index, entry] : entries_) {
    if (entry.lease) {
      earlier(has_route(*entry.lease) ? entry.leased_at : entry.leased_at + options_.route_grace);
    } else if (entry.carrier && !entry.running) {
      earlier(entry.next_start);
    }
  }
  return out;
}

bool LeaseRace::any_carrier() const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [](const auto& entry) { return entry.second.carrier; });
}

std::string LeaseRace::summary() const {
  std::string out;
  for (const auto& [index, entry] : entries_) {
    if (!out.empty()) out += ", ";
    out += entry.name + (entry.carrier ? " (carrier" : " (no carrier");
    if (entry.attempts == 1) out += ", 1 attempt";
    if (entry.attempts > 1) out += ", " + std::to_string(entry.attempts) + " attempts";
    if (!entry.last_failure.empty()) out += ", last: " + entry.last_failure;
    out += ")";
  }
  return out;
}

}  // namespace phase::boot
