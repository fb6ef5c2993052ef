// dht/direct_lookup.cc
#include "dht/direct_lookup.h"

#include <algorithm>
#include <numeric>

namespace phase::dht {
namespace {

// Nobody knows how near they are: behind all that are no suspects, before the worst.
constexpr int kTierWithoutId = 2;

bool same_block(const Endpoint& a, const Endpoint& b) {
  const std::ptrdiff_t bytes = a.v6 ? 8 : 3;
  return a.v6 == b.v6 &&
         std::equal(a.address.begin(), a.address.begin() + bytes, b.address.begin());
}

}  // namespace

DirectLookup::DirectLookup(const Sha1& target, const Standpoint& standpoint)
    : target_(target), standpoint_(standpoint) {}

void DirectLookup::add_start(const Endpoint& at) {
  Candidate candidate;
  candidate.at = at;
  begin_with(std::move(candidate));
}

void DirectLookup::add_known(const DhtContact& contact) {
  Candidate candidate;
  candidate.at = contact.at;
  set_id(candidate, contact.id);
  begin_with(std::move(candidate));
}

void DirectLookup::begin_with(Candidate candidate) {
  if (find(candidate.at) != nullptr) return;
  if (!candidate.id_known) candidate.distance.fill(0xff);
  candidate.start = true;
  insert(std::move(candidate));
  pausing_ = false;
  begin_again();
}

void DirectLookup::begin_again() {
  if (found_) return;
  // Whoever was asked in the last round may be asked again.
  if (over_) start_over();
  over_ = false;
  round_ = asked_ = 0;
}

void DirectLookup::set_id(Candidate& candidate, const Sha1& id) const {
  candidate.distance = dht::distance(id, target_);
  candidate.id_known = true;
  candidate.suspect = standpoint_.public_network && !id_fits_address(id, candidate.at);
}

DirectLookup::Candidate* DirectLookup::find(const Endpoint& at) {
  const auto found = std::find_if(candidates_.begin(), candidates_.end(),
                                  [&](const Candidate& one) { return one.at == at; });
  return found == candidates_.end() ? nullptr : &*found;
}

bool DirectLookup::crowded(const Endpoint& at) const {
  return standpoint_.public_network &&
         std::any_of(candidates_.begin(), candidates_.end(),
                     [&](const Candidate& one) { return same_block(one.at, at); });
}

void DirectLookup::add_named(const DhtContact& contact, std::size_t namer) {
  if (!can_be_asked(contact.at, standpoint_)) return;
  if (Candidate* known = find(contact.at)) {
    auto& namers = known->namers;
    const bool again = std::find(namers.begin(), namers.end(), namer) != namers.end();
    if (!known->start && !again && namers.size() < kMaxNamers) {
      namers.push_back(namer);
      if (known->state == State::kSilent) ++silent_of_[namer];
    }
    return;
  }
  if (crowded(contact.at)) return;
  Candidate candidate;
  candidate.at = contact.at;
  set_id(candidate, contact.id);
  candidate.namers.push_back(namer);
  insert(std::move(candidate));
}

void DirectLookup::insert(Candidate candidate) {
  if (candidates_.size() < kMaxCandidates) {
    candidates_.push_back(std::move(candidate));
    return;
  }
  // The least promising one that nobody has asked yet makes room for a better one.
  auto worst = candidates_.end();
  for (auto at = candidates_.begin(); at != candidates_.end(); ++at) {
    if (at->ever_asked || at->start) continue;
    if (worst == candidates_.end() || before(*worst, *at)) worst = at;
  }
  if (worst == candidates_.end()) return;
  if (candidate.start || before(candidate, *worst)) *worst = std::move(candidate);
}

int DirectLookup::tier(const Candidate& candidate) const {
  if (!candidate.id_known) return kTierWithoutId;
  const auto& namers = candidate.namers;
  if (namers.empty() || candidate.state == State::kAnswered) return candidate.suspect ? 1 : 0;
  // The best of those who named it: near nodes are named by many, what does not exist by liars only.
  const auto silent =
      std::transform_reduce(namers.begin(), namers.end(), silent_of_[namers.front()],
                            [](int a, int b) { return std::min(a, b); },
                            [this](std::size_t namer) { return silent_of_[namer]; });
  return silent / kSilentPerTier + (candidate.suspect ? 1 : 0);
}

bool DirectLookup::before(const Candidate& a, const Candidate& b) const {
  const int tier_a = tier(a);
  const int tier_b = tier(b);
  return tier_a != tier_b ? tier_a < tier_b : a.distance < b.distance;
}

std::vector<DirectLookup::Index> DirectLookup::in_order() const {
  std::vector<Index> order(candidates_.size());
  std::iota(order.begin(), order.end(), Index{0});
  // Stable: those without an id stay in the order in which they were given.
  std::stable_sort(order.begin(), order.end(), [this](Index a, Index b) {
    return before(candidates_[a], candidates_[b]);
  });
  return order;
}

bool DirectLookup::namer_is_busy(const Candidate& candidate) const {
  if (candidate.namers.empty()) return false;
  const auto in_flight =
      std::count_if(candidates_.begin(), candidates_.end(), [&](const Candidate& one) {
        return one.state == State::kAsked && !one.namers.empty() &&
               one.namers.front() == candidate.namers.front();
      });
  return static_cast<std::size_t>(in_flight) >= kInFlightOfOneNamer;
}

std::optional<DirectLookup::Index> DirectLookup::choose_of(std::span<const Index> order) const {
  const auto first = [&](const auto& matches) -> std::optional<Index> {
    const auto at = std::find_if(order.begin(), order.end(),
                                 [&](Index index) { return matches(candidates_[index]); });
    if (at == order.end()) return std::nullopt;
    return *at;
  };
  if (const auto index = first([&](const Candidate& one) {
        return one.state == State::kUntried && !namer_is_busy(one);
      })) {
    return index;
  }
  if (const auto index = first([](const Candidate& one) { return one.state == State::kUntried; })) {
    return index;
  }
  return first(
      [](const Candidate& one) { return one.state == State::kSilent && one.tries < kTries; });
}

std::optional<DirectLookup::Index> DirectLookup::choose_nearer() const {
  std::optional<Index> best;
  for (Index index = 0; index < candidates_.size(); ++index) {
    const Candidate& one = candidates_[index];
    if (one.state != State::kUntried || !one.id_known) continue;
    if (!best || before(one, candidates_[*best])) best = index;
  }
  if (!best) return std::nullopt;
  const auto nearer = std::count_if(candidates_.begin(), candidates_.end(), [&](const auto& one) {
    return one.state == State::kAnswered && one.distance < candidates_[*best].distance;
  });
  if (static_cast<std::size_t>(nearer) >= kEnoughNear) return std::nullopt;
  return best;
}

std::optional<DirectLookup::Index> DirectLookup::choose() const {
  if (asked_ >= kMaxAsked) return std::nullopt;
  if (found_) return choose_nearer();
  const auto order = in_order();
  const std::span<const Index> all(order);
  const auto near = choose_of(all.first(std::min(kNearest, all.size())));
  return near ? near : choose_of(all);
}

std::optional<Endpoint> DirectLookup::next(MonoTime now) {
  time_out(now);
  if (over_ || in_flight(now) >= kInFlight) return std::nullopt;
  if (pausing_ && now < round_begins_) return std::nullopt;
  pausing_ = false;
  const auto chosen = choose();
  if (!chosen) {
    if (in_flight(now) == 0) end_round(now);
    return std::nullopt;
  }
  Candidate& candidate = candidates_[*chosen];
  set_state(candidate, State::kAsked);
  candidate.ever_asked = true;
  candidate.asked_at = now;
  ++candidate.tries;
  ++asked_;
  return candidate.at;
}

void DirectLookup::set_state(Candidate& candidate, State state) {
  const int change = (state == State::kSilent ? 1 : 0) - (candidate.state == State::kSilent ? 1 : 0);
  for (const std::size_t namer : candidate.namers) silent_of_[namer] += change;
  candidate.state = state;
}

void DirectLookup::time_out(MonoTime now) {
  for (Candidate& one : candidates_) {
    if (one.state == State::kAsked && now - one.asked_at >= kPatience) {
      set_state(one, State::kSilent);
    }
  }
}

bool DirectLookup::answered(const Endpoint& from, const Sha1& id,
                            const std::vector<DhtContact>& named) {
  Candidate* candidate = find(from);
  if (candidate == nullptr || !candidate->ever_asked) return false;
  set_state(*candidate, State::kAnswered);
  set_id(*candidate, id);
  if (!candidate->as_namer) {
    candidate->as_namer = silent_of_.size();
    silent_of_.push_back(0);
  }
  const std::size_t namer = *candidate->as_namer;
  const std::size_t count = std::min(named.size(), kMaxNamed);
  for (std::size_t i = 0; i < count; ++i) add_named(named[i], namer);
  return true;
}

void DirectLookup::refused(const Endpoint& from) {
  Candidate* candidate = find(from);
  if (candidate != nullptr && candidate->state == State::kAsked) {
    set_state(*candidate, State::kSilent);
  }
}

void DirectLookup::end_round(MonoTime now) {
  const bool nobody = candidates_.empty();
  ++round_;
  over_ = found_ || nobody || round_ >= kRounds;
  if (over_) return;
  pausing_ = true;
  round_begins_ = now + kPause * (1 << (round_ - 1));
  start_over();
}

void DirectLookup::start_over() {
  asked_ = 0;
  // What the namers' nodes were worth stays known: silent_of_ keeps its count of those that go.
  std::erase_if(candidates_, [](const Candidate& one) { return !one.start && !one.as_namer; });
  for (Candidate& one : candidates_) {
    set_state(one, State::kUntried);
    one.tries = 0;
  }
}

std::optional<Sha1> DirectLookup::nearest_open(MonoTime now) const {
  std::optional<Sha1> nearest;
  for (const Candidate& one : candidates_) {
    const bool waited_for = one.state == State::kAsked && now - one.asked_at < kPatience;
    if (!waited_for && one.state != State::kUntried) continue;
    if (!nearest || one.distance < *nearest) nearest = one.distance;
  }
  return nearest;
}

std::size_t DirectLookup::in_flight(MonoTime now) const {
  return static_cast<std::size_t>(
      std::count_if(candidates_.begin(), candidates_.end(), [&](const Candidate& one) {
        return one.state == State::kAsked && now - one.asked_at < kPatience;
      }));
}

MonoTime DirectLookup::deadline() const {
  if (over_) return MonoTime::max();
  if (pausing_) return round_begins_;
  MonoTime next = MonoTime::max();
  for (const Candidate& one : candidates_) {
    if (one.state == State::kAsked) next = std::min(next, one.asked_at + kPatience);
  }
  return next == MonoTime::max() ? MonoTime{} : next;
}

}  // namespace phase::dht
