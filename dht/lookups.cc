// dht/lookups.cc
#include "dht/lookups.h"

#include <algorithm>
#include <libtorrent/alert_types.hpp>
#include <libtorrent/bdecode.hpp>
#include <libtorrent/bencode.hpp>
#include <libtorrent/kademlia/dht_state.hpp>
#include <libtorrent/session_params.hpp>
#include <libtorrent/session_stats.hpp>
#include <optional>

#include "dht/convert.h"

namespace phase::dht {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kMaxKnownNodes = 64;
// libtorrent asks the nodes to begin with once, and one lost packet each leaves it alone for good.
constexpr milliseconds kRejoin{600};
constexpr milliseconds kCountJoining{20};
constexpr milliseconds kCountAlone{200};  // Nobody has answered for long.
constexpr seconds kJoinQuickly{10};
constexpr milliseconds kCountJoined{1000};
constexpr minutes kAnnounce{15};

std::array<char, 32> to_lt_key(const PublicKey& key) {
  std::array<char, 32> out{};
  std::copy(key.bytes.begin(), key.bytes.end(), out.begin());
  return out;
}

MonoTime now() {
  return std::chrono::steady_clock::now();
}

/// Announces are repeated soon after the first: a node that joins a network which is just coming
/// up announces to whoever is there, and those are not the nearest ones a minute later.
std::chrono::steady_clock::duration pause_after(int announces) {
  if (announces == 1) return seconds(15);
  if (announces == 2) return seconds(60);
  return kAnnounce;
}

/// Nothing where nodes would stay silent about the item, or where libtorrent would encode it
/// differently from what was signed; a salt over 64 bytes overruns its stack.
std::optional<lt::entry> entry_of(const SignedItem& item) {
  if (item.salt.size() > kMaxSaltBytes || item.value.size() > kMaxPointerBytes) return {};
  lt::error_code error;
  const lt::bdecode_node node = lt::bdecode(to_span(item.value), error);
  if (error) return {};
  lt::entry value(node);
  Bytes again;
  lt::bencode(std::back_inserter(again), value);
  if (again != item.value) return {};
  return value;
}

}  // namespace

Lookups::Lookups(lt::session_handle session, EventQueue& events, const SessionOptions& options,
                 const std::vector<Endpoint>& own)
    : session_(std::move(session)),
      events_(events),
      enabled_(options.enable_dht),
      only_asks_(options.anonymous),
      nodes_counter_(lt::find_metric_idx("dht.dht_nodes")),
      known_(options.nodes),
      opened_(now()),
      next_rejoin_(opened_ + kRejoin),
      direct_(session_, events, {options.network == NetworkKind::kPublic, own}) {
  if (known_.size() > kMaxKnownNodes) known_.resize(kMaxKnownNodes);
  direct_.add_nodes(known_);
}

void Lookups::add_nodes(const std::vector<Endpoint>& nodes) {
  for (const auto& node : nodes) {
    if (std::find(known_.begin(), known_.end(), node) == known_.end()) {
      if (known_.size() >= kMaxKnownNodes) known_.erase(known_.begin());
      known_.push_back(node);
    }
    if (enabled_) session_.add_dht_node({node.host(), node.port});
  }
  direct_.add_nodes(nodes);
  tick(now());
}

void Lookups::moved(const std::vector<Endpoint>& nodes) {
  for (auto& [target, announce] : announces_) announce = {announce.port, 0, now()};
  add_nodes(std::vector<Endpoint>(known_));
  add_nodes(nodes);
}

LookupId Lookups::find_item(const PublicKey& key, const std::string& salt) {
  const LookupId id = next_id_++;
  ItemLookup lookup;
  lookup.key = key;
  lookup.salt = salt;
  items_.emplace(id, std::move(lookup));
  if (enabled_) direct_.find_item(id, key, salt);
  tick(now());
  return id;
}

LookupId Lookups::find_peers(std::vector<Sha1> targets) {
  const LookupId id = next_id_++;
  peers_.emplace(id, PeerLookup{std::move(targets), {}});
  tick(now());
  return id;
}

LookupId Lookups::find_peers_at_once(const Sha1& target) {
  const LookupId id = find_peers({target});
  if (enabled_) direct_.find_peers(id, target);
  tick(now());
  return id;
}

void Lookups::stop(LookupId lookup) {
  items_.erase(lookup);
  peers_.erase(lookup);
  direct_.stop(lookup);
}

void Lookups::put_item(const SignedItem& item) {
  if (!enabled_ || only_asks_) return;
  puts_.add(item);
  if (ready_) send_puts(now());
}

void Lookups::send_puts(MonoTime now) {
  while (const auto item = puts_.take(now, budget_)) send_put(*item);
}

void Lookups::send_put(const SignedItem& item) {
  const auto value = entry_of(item);
  if (!value) {
    puts_.ended(item.key, item.salt);
    events_.push(ItemStored{item.salt, item.seq, 0});
    return;
  }
  // Runs on libtorrent's thread once the newest stored item is known. A newer one stays: it is
  // put again as it is, so that a stale follower cannot push a channel back.
  const auto fill = [value = *value, signature = item.signature, seq = item.seq](
                        lt::entry& stored, std::array<char, 64>& stored_signature,
                        std::int64_t& stored_seq, const std::string&) {
    if (stored.type() != lt::entry::undefined_t && stored_seq > seq) return;
    stored = value;
    std::copy(signature.begin(), signature.end(), stored_signature.begin());
    stored_seq = seq;
  };
  session_.dht_put_item(to_lt_key(item.key), fill, item.salt);
}

void Lookups::announce(const Sha1& target, std::uint16_t port) {
  if (only_asks_) return;
  announces_[target].port = port;
  announces_[target].next = now();
  tick(now());
}

void Lookups::withdraw(const Sha1& target) {
  announces_.erase(target);
  direct_.withdraw(target);
}

void Lookups::send_announce(const Sha1& target, Announce& announce, MonoTime now) {
  direct_.announce(target, announce.port);
  session_.dht_announce(to_lt(target), announce.port);
  announce.next = now + pause_after(++announce.made);
}

std::vector<Endpoint> Lookups::saved_nodes() const {
  constexpr std::size_t kMaxSaved = 64;
  std::vector<Endpoint> out;
  const auto state = session_.session_state(lt::session_handle::save_dht_state).dht_state;
  for (const auto* nodes : {&state.nodes, &state.nodes6}) {
    for (const auto& node : *nodes) {
      if (out.size() < kMaxSaved) out.push_back(from_lt(node));
    }
  }
  return out;
}

bool Lookups::handle(const lt::alert& alert) {
  if (const auto* item = lt::alert_cast<lt::dht_mutable_item_alert>(&alert)) {
    handle_item(*item);
  } else if (const auto* peers = lt::alert_cast<lt::dht_get_peers_reply_alert>(&alert)) {
    handle_peers(*peers);
  } else if (const auto* put = lt::alert_cast<lt::dht_put_alert>(&alert)) {
    handle_put(*put);
  } else if (const auto* counters = lt::alert_cast<lt::session_stats_alert>(&alert)) {
    handle_counters(*counters);
  } else {
    if (!direct_.handle(alert)) return false;
    if (nodes_ == 0) set_nodes(direct_.alive());
  }
  return true;
}

void Lookups::handle_item(const lt::dht_mutable_item_alert& alert) {
  const auto key = PublicKey{bytes_from<std::array<std::uint8_t, 32>>(alert.key)};
  const bool empty = alert.item.type() == lt::entry::undefined_t;
  for (auto& [id, lookup] : items_) {
    if (lookup.key != key || lookup.salt != alert.salt) continue;
    if (empty) {
      if (alert.authoritative) events_.push(ItemAnswered{id});
      continue;
    }
    // The last word of a get repeats the best value that it has already reported.
    const bool repeated = alert.authoritative && lookup.answered && lookup.last_seq == alert.seq;
    if (alert.authoritative) lookup.answered = false;
    if (repeated) continue;
    lookup.answered = !alert.authoritative;
    lookup.last_seq = alert.seq;
    SignedItem found;
    found.key = key;
    found.salt = alert.salt;
    found.seq = alert.seq;
    lt::bencode(std::back_inserter(found.value), alert.item);
    found.signature = bytes_from<Signature>(alert.signature);
    events_.push(ItemFound{id, std::move(found)});
  }
}

void Lookups::handle_peers(const lt::dht_get_peers_reply_alert& alert) {
  for (auto& [id, lookup] : peers_) {
    const auto& targets = lookup.targets;
    const bool asked = std::any_of(targets.begin(), targets.end(), [&](const Sha1& target) {
      return alert.info_hash == to_lt(target);
    });
    if (!asked) continue;
    ProvidersFound found{id, {}};
    for (const auto& peer : alert.peers()) {
      if (found.peers.size() == kMaxPeersOfOneAnswer) break;
      if (peer.port() != 0) found.peers.push_back(from_lt(peer));
    }
    if (found.peers.empty()) continue;
    events_.push(std::move(found));
  }
}

void Lookups::handle_put(const lt::dht_put_alert& alert) {
  if (!alert.target.is_all_zeros()) return;  // An immutable item; nobody here puts those.
  puts_.ended(PublicKey{bytes_from<std::array<std::uint8_t, 32>>(alert.public_key)}, alert.salt);
  events_.push(ItemStored{alert.salt, alert.seq, alert.num_success});
  send_puts(now());
}

void Lookups::handle_counters(const lt::session_stats_alert& alert) {
  if (nodes_counter_ < 0) return;
  set_nodes(static_cast<std::size_t>(std::max<std::int64_t>(alert.counters()[nodes_counter_], 0)));
}

void Lookups::set_nodes(std::size_t nodes) {
  nodes_ = static_cast<std::uint32_t>(nodes);
  if (ready_ || nodes_ == 0) return;
  ready_ = true;
  direct_.begin_again();
  events_.push(DhtReady{nodes_});
  tick(now());
}

void Lookups::join(MonoTime now) {
  if (now >= next_count_) {
    const auto joining = now < opened_ + kJoinQuickly ? kCountJoining : kCountAlone;
    next_count_ = now + (nodes_ > 0 ? kCountJoined : joining);
    session_.post_session_stats();
  }
  if (nodes_ == 0 && now >= next_rejoin_) {
    next_rejoin_ = now + kRejoin;
    for (const auto& node : known_) session_.add_dht_node({node.host(), node.port});
  }
}

std::size_t Lookups::standing() const {
  std::size_t targets = items_.size();
  for (const auto& [id, lookup] : peers_) targets += lookup.targets.size();
  return targets;
}

void Lookups::tick(MonoTime now) {
  if (!enabled_) return;
  join(now);
  direct_.tick(now);
  // Asked with an empty routing table, libtorrent would answer "nothing" without having asked
  // anybody.
  if (nodes_ == 0) return;
  for (auto& [id, lookup] : items_) {
    if (!lookup.pace.due(now)) continue;
    lookup.pace.asked(now, standing());
    lookup.answered = false;
    session_.dht_get_item(to_lt_key(lookup.key), lookup.salt);
  }
  for (auto& [id, lookup] : peers_) {
    if (!lookup.pace.due(now)) continue;
    lookup.pace.asked(now, standing());
    for (const Sha1& target : lookup.targets) session_.dht_get_peers(to_lt(target));
  }
  for (auto& [target, announce] : announces_) {
    if (now < announce.next) continue;
    if (!budget_.may(now)) break;
    budget_.spend();
    send_announce(target, announce, now);
    direct_.tick(now);
  }
  if (ready_) send_puts(now);
}

MonoTime Lookups::next_tick() const {
  if (!enabled_) return MonoTime::max();
  MonoTime next = std::min(next_count_, direct_.next_tick());
  if (nodes_ == 0) return std::min(next, next_rejoin_);
  for (const auto& [id, lookup] : items_) next = std::min(next, lookup.pace.next());
  for (const auto& [id, lookup] : peers_) next = std::min(next, lookup.pace.next());
  for (const auto& [target, announce] : announces_) {
    next = std::min(next, std::max(announce.next, budget_.next()));
  }
  return std::min(next, std::max(puts_.next(budget_), MonoTime{}));
}

}  // namespace phase::dht
