// Who names a release, and whom of them it is fetched from: DHT, nodes on the link, providers given.
#include <algorithm>

#include "boot/acquire_state.h"
#include "dht/torrent.h"

namespace phase::boot {
namespace {

constexpr std::size_t kMaxToldProviders = 16;
constexpr std::size_t kMaxMetPeers = 256;
constexpr std::size_t kMaxHttpHolders = 8;
/// As long as a peer that stops answering holds a piece (dht/settings.cc).
constexpr std::chrono::seconds kHoldersSilent{10};

}  // namespace

bool AcquireState::is_near(const Endpoint& endpoint) const {
  return options.near && options.near->contains(endpoint);
}

void AcquireState::start() {
  began = stage_began = last_progress = last_tick = clock.now();
  near_first.emplace(NearFirstOptions{.enabled = options.use_lan && options.near.has_value(),
                                      .far_wait = options.far_wait,
                                      .near_stall = options.near_stall},
                     began);
  run_time = options.now.value_or(clock.wall());
  open_cache();
  if (options.only_cache) {
    if (auto enough = check_root_counter(); !enough) return end_failed(enough.error());
    if (!take_best_from_cache("there is no network")) {
      const bool damaged = !report.refusals.empty();
      end_failed({damaged ? ErrorCode::kAltered : ErrorCode::kNoProvider,
                  "there is no network, and no cache holds a release that may be booted" +
                      (damaged ? ": " + report.refusals.back() : std::string())});
    }
    return;
  }
  ask_items();
  start_roots();
  for (const std::string& url : options.provider_urls) {
    const auto parsed = parse_http_url(url);
    const auto at = parsed ? parse_address(parsed->host, 1) : std::nullopt;
    if (auto asked = relays.add_given(url, at && is_near(*at)); !asked) {
      refuse(asked.error().detail);
    }
  }
  if (!options.use_dht && !options.use_lan && !relays.busy()) {
    fail({ErrorCode::kNoBootstrap,
          "neither a DHT node nor a provider is known; give phase.bootstrap=HOST:PORT or "
          "phase.provider=URL (plasmd: --bootstrap, --provider)"});
  }
}

/// Each question that is not being asked, whatever keys have come since.
void AcquireState::ask_items() {
  if (!options.use_dht) return;
  for (const auto& question : choice.questions()) {
    if (std::find(asked_items.begin(), asked_items.end(), question) != asked_items.end()) continue;
    asked_items.push_back(question);
    item_lookups.push_back(session.find_item(question.first, question.second));
  }
}

void AcquireState::offer(const SignedItem& item, const std::string& from) {
  if (ended()) return;  // By one that came in the same answer.
  PointerChoice with_it = choice;
  auto better = with_it.offer(item);
  if (!better) return refuse(from + ": " + better.error().detail);
  const bool may_switch = stage <= Stage::kManifest || clock.now() < settled_at;
  // Too late for this time: what is handed on at the end is the pointer of what was fetched.
  if (*better && !may_switch) return;
  choice = std::move(with_it);
  if (!*better) return;
  const Pointer& best = *choice.best();
  const bool same = infohashes == dht::Infohashes{best.infohash_v1, best.infohash_v2};
  if (stage != Stage::kDiscover && same) return;
  say("pointer: version " + std::to_string(best.release_version) + " of " + options.channel + "/" +
      options.arch + " (" + from + ")");
  pointer_from = from;
  if (stage == Stage::kDiscover) settled_at = clock.now() + options.settle;
  begin_release();
}

void AcquireState::on(const dht::ItemFound& event) {
  dht_answered = true;
  if (std::find(item_lookups.begin(), item_lookups.end(), event.lookup) == item_lookups.end()) {
    return;
  }
  offer(event.item, "DHT");
}

void AcquireState::on(const dht::ProvidersFound& event) {
  if (!release || event.lookup != provider_lookup) return;
  for (const Endpoint& peer : event.peers) meet_peer(peer, {.dht = true}, "DHT");
}

void AcquireState::on(const dht::PeersNamed& event) {
  if (!release || event.release != *release) return;
  for (const Endpoint& peer : event.peers) meet_peer(peer, {.pex = true}, "a peer");
}

void AcquireState::meet_peer(const Endpoint& peer, dht::PeerSource source, const char* how) {
  const bool welcome = far_in || is_near(peer);
  if (told_providers.size() < kMaxToldProviders && told_providers.insert(peer).second) {
    say("provider: " + peer.text() + " (" + how + ")" + (welcome ? "" : ", if nobody near has it"));
  }
  if (welcome) session.connect(*release, peer, source);
  const bool known = std::any_of(met_peers.begin(), met_peers.end(),
                                 [&](const auto& met) { return met.first == peer; });
  if (!known && met_peers.size() < kMaxMetPeers) met_peers.emplace_back(peer, source);
}

void AcquireState::connect_met_peers() {
  for (const auto& [peer, source] : met_peers) {
    if (far_in || is_near(peer)) session.connect(*release, peer, source);
  }
}

void AcquireState::let_far_in(MonoTime now) {
  if (!may_let_far_in()) return;
  // Before that, the session may be beginning the release anew, with all connections.
  if (stage == Stage::kArtifacts) {
    const bool connected = session.status(*release).peers > 0;
    if (near_connected && !connected) near_first->lost();
    near_connected = connected;
  } else {
    near_connected = false;
  }
  if (!near_first->far_allowed(now, last_done)) return;
  far_in = true;
  connect_met_peers();
  relays.ask_torrents(infohashes.v1, true);
}

// The link.

void AcquireState::on(const dht::LanFound& event) {
  const dht::LanNode& node = event.node;
  const auto at = std::find_if(node.addresses.begin(), node.addresses.end(),
                               [this](const Endpoint& address) { return is_near(address); });
  // What the LAN says of addresses elsewhere is no better than what anybody says.
  if (at == node.addresses.end()) return;
  dht::LanNode near = node;
  near.addresses = {*at};
  std::erase_if(lan_nodes, [&](const dht::LanNode& one) { return one.instance == node.instance; });
  if (lan_nodes.size() >= dht::kMaxLanNodes) return;
  lan_nodes.push_back(near);
  Endpoint peer = *at;
  peer.port = near.service.peer_port;
  if (options.use_dht && peer.port != 0 && !near.service.only_fetches()) session.add_nodes({peer});
  meet_lan_node(near);
}

void AcquireState::meet_lan_node(const dht::LanNode& near) {
  Endpoint http = near.addresses.front();
  http.port = near.service.http_port;
  // Whatever it says that it holds, it may know a newer root.
  if (http.port != 0) roots.ask("http://" + http.text());
  const std::uint64_t version = near.offers(
      options.policy.root.pointer_keys(options.channel, options.arch), options.channel,
      options.arch);
  if (version != 0 && version >= options.min_version && http.port != 0) relays.add_lan(http);
  if (release) meet_lan_holder(near);
}

void AcquireState::on(const dht::LanGone& event) {
  std::erase_if(lan_nodes, [&](const dht::LanNode& one) { return one.instance == event.instance; });
}

void AcquireState::meet_lan_holders() {
  web_turn.release();
  for (const dht::LanNode& node : lan_nodes) meet_lan_holder(node);
}

void AcquireState::meet_lan_holder(const dht::LanNode& node) {
  const std::uint64_t wanted = choice.best()->release_version;
  const auto keys = options.policy.root.pointer_keys(options.channel, options.arch);
  const bool holds = node.offers(keys, options.channel, options.arch) >= wanted;
  if (!holds && node.fetches(keys, options.channel, options.arch) != wanted) return;
  near_first->holder();
  Endpoint peer = node.addresses.front();
  peer.port = node.service.peer_port;
  if (peer.port != 0) meet_peer(peer, {.lan = true}, holds ? "LAN" : "LAN, fetches it too");
}

std::optional<dht::LanRelease> AcquireState::lan_fetching() const {
  if (!options.use_lan || !release || stage == Stage::kFailed) return std::nullopt;
  const auto items = choice.items();
  if (items.empty()) return std::nullopt;
  return dht::LanRelease{items.front().key.id(), options.channel, options.arch,
                         choice.best()->release_version};
}

// HTTP.

void AcquireState::poll_relays() {
  for (const PointerAnswer& answer : relays.take_pointers()) {
    if (!answer.items) {
      relay_failed(answer.items.error(), answer.lan);
    } else {
      for (const SignedItem& item : *answer.items) offer(item, answer.from);
    }
    if (ended()) return;
  }
  if (release) relays.ask_torrents(infohashes.v1, far_in);
  for (const PeersAnswer& answer : relays.take_peers()) {
    if (!release) break;
    for (const Endpoint& peer : answer.peers) meet_peer(peer, {.given = true}, "HTTP");
  }
  for (const TorrentAnswer& answer : relays.take_torrents()) {
    take_torrent(answer);
    if (ended()) return;
  }
}

/// Of those that were given only: a node of the link is asked as a peer.
void AcquireState::use_web_seed(const TorrentAnswer& answer, const dht::PieceLayout& layout) {
  if (!answer.lan) web.add(*release, answer.web_seed, layout);
}

void AcquireState::poll_web(MonoTime now) {
  if (!release) return;
  take_web_turn(now);
  web.tick(now);
  for (const WebSeeds::Refusal& refusal : web.take_refusals()) {
    refuse("provider " + refusal.why.detail);
    if (refusal.banned) banned.push_back(refusal.base);
  }
}

void AcquireState::take_web_turn(MonoTime now) {
  if (!choice.best()) return;
  const auto keys = options.policy.root.pointer_keys(options.channel, options.arch);
  std::vector<std::string> others;
  for (const dht::LanNode& node : lan_nodes) {
    const std::uint64_t fetches = node.fetches(keys, options.channel, options.arch);
    if (fetches == choice.best()->release_version) others.push_back(node.instance);
  }
  web_turn.set_others(others);
  web.hold(!web_turn.ours(now, others.empty() ? 0 : brought_by_near()));
}

std::uint64_t AcquireState::brought_by_near() const {
  std::uint64_t received = 0;
  for (const dht::PeerAccount& account : session.peers(*release)) {
    if (account.bad_pieces == 0 && is_near(account.peer)) received += account.received;
  }
  return std::min(received, last_done);
}

void AcquireState::ask_silent_holders(MonoTime now) {
  if (!release || !choice.best() || stage > Stage::kArtifacts) return;
  if (now - last_progress < kHoldersSilent) return;
  std::vector<Endpoint> known;
  for (const ProviderHint& hint : choice.best()->providers) {
    known.push_back(hint.peer);
    known.back().port = hint.http_port;
  }
  for (const dht::PeerAccount& account : session.peers(*release)) {
    known.push_back(account.peer);
    known.back().port = account.http_port;
  }
  for (const Endpoint& at : known) {
    const bool near = is_near(at);
    if (at.port == 0 || (!far_in && !near) || http_holders.size() >= kMaxHttpHolders) continue;
    if (!http_holders.insert(at).second) continue;
    say("provider: " + at.text() + " is asked over HTTP, since no peer delivers");
    if (auto asked = relays.add_given("http://" + at.text(), near); !asked) {
      refuse(asked.error().detail);
    }
  }
}

void AcquireState::take_torrent(const TorrentAnswer& answer) {
  if (!answer.torrent) return relay_failed(answer.torrent.error(), answer.lan);
  if (!release) return;
  // What was begun goes for the right file only: anybody on the link may answer.
  const auto layout = dht::read_piece_layout(*answer.torrent);
  if (!layout || layout->infohashes != infohashes) {
    return relay_failed({ErrorCode::kMalformed,
                         answer.from + ": release.torrent: " +
                             (layout ? "of another release" : layout.error().detail)},
                        answer.lan);
  }
  if (session.info(*release)) return use_web_seed(answer, *layout);
  // The session takes metadata at the start of a fetch only: begin it anew with the file.
  session.remove(*release);
  auto again = session.fetch(infohashes, options.folder, *answer.torrent);
  if (!again) {
    relay_failed(again.error().in(answer.from), answer.lan);
    if (ended()) return;
  }
  const bool taken = again.ok();
  if (!taken) again = session.fetch(infohashes, options.folder);
  if (!again) return fail(again.error());
  release = *again;
  if (taken) use_web_seed(answer, *layout);
  connect_met_peers();
  if (session.info(*release)) metadata_received();
}

void AcquireState::relay_failed(const Error& why, bool lan) {
  // Any number of nodes may say that they are on the link; only wrong answers are worth a line.
  const bool absent = why.code == ErrorCode::kNetwork || why.code == ErrorCode::kTimeout;
  if (lan && absent) return;
  refuse(why.detail);
  // Fatal only where nobody else is asked.
  if (!options.use_dht && !options.use_lan && !relays.busy() && stage == Stage::kDiscover) {
    fail({ErrorCode::kProvider, why.detail});
  }
}

}  // namespace phase::boot
