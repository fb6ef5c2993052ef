#include "node/serve.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "node/boot_script.h"
#include "node/metalink.h"

namespace phase::node {
namespace {

/// The kind of network stays what it was taken for at the start.
constexpr std::chrono::seconds kNamesDecide{5};
/// A host may have come up before its resolver.
constexpr std::chrono::seconds kNamesAgain{30};
constexpr std::size_t kMaxSavedNodesBytes = 16 * 1024;

std::string saved_nodes_path(const Store& store) { return store.path() + "/dht-nodes"; }

/// One endpoint a line; lines that are none are passed over (the file may be damaged).
std::vector<Endpoint> load_saved_nodes(const Store& store) {
  std::vector<Endpoint> nodes;
  const auto text = store.files().read_file(saved_nodes_path(store), kMaxSavedNodesBytes);
  if (!text) return nodes;
  std::istringstream lines{std::string(as_text(*text))};
  for (std::string line; std::getline(lines, line);) {
    if (const auto node = parse_endpoint(line)) nodes.push_back(*node);
  }
  return nodes;
}

std::string describe(const StoredRelease& release) {
  return "channel=" + release.channel + " arch=" + release.arch +
         " version=" + std::to_string(release.manifest.release_version) + " name=" + release.name;
}

}  // namespace

Node::Node(Store& store, const Clock& clock, Random& random, const Log& log, ServeOptions options,
           Announce announce)
    : store_(store),
      clock_(clock),
      random_(random),
      log_(log),
      options_(std::move(options)),
      announce_(std::move(announce)) {}

Node::~Node() = default;

Result<std::unique_ptr<Node>> Node::open(Store& store, const Clock& clock, Random& random,
                                         const Log& log, const ServeOptions& options,
                                         Announce announce) {
  std::unique_ptr<Node> node(new Node(store, clock, random, log, options, std::move(announce)));
  if (auto listening = node->listen(); !listening) return listening.error();
  for (const std::string& line : store.left_out()) log.warning("left out of the store", {{"what", line}});
  node->open_lan();
  node->follow(options.follow);
  node->seed_store();
  node->share_roots();
  return node;
}

Result<void> Node::listen() {
  HttpProviderOptions http;
  if (!options_.bind.empty()) {
    const auto at = parse_address(options_.bind, options_.http_port);
    if (!at) return {ErrorCode::kUsage, "--bind " + options_.bind + " is no address"};
    http.listen.push_back(*at);
  }
  http.port = options_.http_port;
  std::optional<dht::OnLink> link;
  if (boot::policy_of(options_.mode).only_on_link) {
    auto now = dht::OnLink::now();
    if (!now) return now.error();
    link = std::move(*now);
  }
  http.only_on_link = link;
  auto provider = HttpProvider::open(http);
  if (!provider) return provider.error();
  http_ = std::move(*provider);

  auto first = first_nodes(options_.bootstrap, options_.network, kNamesDecide);
  if (!first) return first.error();
  first_ = std::move(*first);
  dht::SessionOptions session;
  if (!options_.bind.empty()) session.listen.push_back(*parse_address(options_.bind, options_.peer_port));
  session.port = options_.peer_port;
  session.follow_addresses = true;
  session.enable_dht = options_.use_dht;
  session.network = first_.network;
  session.nodes = first_.nodes;
  for (const Endpoint& saved : load_saved_nodes(store_)) session.nodes.push_back(saved);
  if (options_.use_dht) {
    session.nodes.insert(session.nodes.end(), options_.more_nodes.begin(), options_.more_nodes.end());
  }
  session.upload_limit = options_.upload_limit;
  session.announce_every = options_.put_every;
  session.max_peers = options_.max_peers;
  session.max_peers_per_address = options_.max_peers_per_address;
  session.map_ports = options_.map_ports && session.network == dht::NetworkKind::kPublic;
  session.only_on_link = link;
  session.http_port = http_->listening().empty() ? 0 : http_->listening().front().port;
  auto opened = dht::Session::open(session);
  if (!opened) return opened.error();
  session_ = std::move(*opened);
  first_.lookup->wake_with([this] { session_->wake(); });
  if (options_.use_dht) peer_search_.emplace(*session_);
  if (!options_.use_dht || session.only_on_link) first_.names.clear();
  open_network_ = session.network == dht::NetworkKind::kPublic && !session.only_on_link;

  for (const Endpoint& at : http_->listening()) announce_("listening http=" + at.text());
  tell_listening();
  if (session.map_ports && !session.only_on_link) announce_("routers are asked to let strangers in");
  const bool is_private = session.network == dht::NetworkKind::kPrivate;
  announce_(!options_.use_dht ? "dht off"
                              : std::string("dht on network=") + (is_private ? "private" : "public") +
                                    " nodes=" + std::to_string(session.nodes.size()));
  return {};
}

void Node::take_names(MonoTime now) {
  if (const auto found = first_.lookup->take(); !found.empty()) session_->add_nodes(found);
  if (first_.names.empty() || now < next_names_) return;
  const bool again = next_names_ != MonoTime{} && session_->dht_nodes() == 0;
  next_names_ = now + kNamesAgain;
  if (!again) return;
  first_.lookup = std::make_unique<dht::NameLookup>(first_.names);
  first_.lookup->wake_with([this] { session_->wake(); });
}

void Node::tell_listening() {
  const auto listening = session_->listening();
  for (const Endpoint& at : listening) {
    const bool told = std::find(told_listening_.begin(), told_listening_.end(), at) != told_listening_.end();
    if (!told) announce_("listening peer=" + at.text());
  }
  told_listening_ = listening;
}

Held Node::held(const FollowTarget& target) const {
  const StoredRelease* release = store_.newest(target.base.root, target.channel, target.arch);
  if (release == nullptr) return {};
  return {release->manifest.release_version, release->pointer};
}

FollowTarget Node::settled(const FollowTarget& target) const {
  const StoredChain* chain = store_.chain_from(target.base.root);
  return chain == nullptr ? target : FollowTarget{chain->base, target.channel, target.arch};
}

void Node::add_follower(const FollowTarget& wanted) {
  const FollowTarget target = settled(wanted);
  const bool known = std::any_of(followers_.begin(), followers_.end(),
                                 [&](const auto& one) { return one->target() == target; });
  if (known || (!options_.use_dht && !lan_)) return;
  FollowOptions options;
  options.target = target;
  const StoredChain* chain = store_.chain_from(target.base.root);
  if (chain != nullptr) options.roots = chain->documents;
  options.incoming = store_.incoming();
  options.look_every = options_.look_every;
  if (options_.put_every.count() != 0) options.put_every = options_.put_every;
  options.use_dht = options_.use_dht;
  options.use_lan = lan_ != nullptr;
  options.only_on_link = boot::policy_of(options_.mode).only_on_link;
  followers_.push_back(std::make_unique<Follower>(
      *session_, clock_, random_, static_cast<FollowOwner&>(*this), std::move(options),
      held(target)));
  // Whoever is on the link was heard of before this one was there.
  for (const dht::LanNode& node : lan_nodes()) followers_.back()->handle(dht::LanFound{node});
  announce_("following " + target.text());
}

void Node::follow(const std::vector<FollowTarget>& targets) {
  for (const FollowTarget& target : targets) add_follower(target);
  // What is held is followed too: its pointer is kept alive, and a newer release is fetched.
  for (const StoredRelease& release : store_.releases()) {
    if (!release.current) continue;
    const StoredChain* chain = store_.chain_of(release.publisher, release.channel, release.arch);
    add_follower({chain != nullptr ? chain->base : key_base(release.publisher), release.channel,
                  release.arch});
  }
}

void Node::seed_store() {
  std::map<std::string, dht::ReleaseId> keep;
  for (const StoredRelease& release : store_.releases()) {
    if (const auto known = seeded_.find(release.name); known != seeded_.end()) {
      keep.insert(*known);
      continue;
    }
    auto id = session_->seed(release.torrent, release.parent);
    if (!id) {
      log_.error("cannot seed " + release.name, id.error());
      continue;
    }
    session_->announce(*id);
    keep.emplace(release.name, *id);
    announce_("serving " + describe(release));
    announce_("announced name=" + release.name);
    log_.info("serving", {{"channel", release.channel},
                          {"arch", release.arch},
                          {"version", release.manifest.release_version},
                          {"name", release.name},
                          {"magnet", "magnet:?xt=urn:btih:" + to_hex(release.info.infohashes.v1)}});
  }
  for (const auto& [name, id] : seeded_) {
    if (!keep.contains(name)) session_->remove(id);
  }
  seeded_ = std::move(keep);
  next_tell_peers_ = {};
  share_catalogue();
  tell_lan();
}

void Node::share_catalogue() {
  std::vector<std::string> left_out;
  Catalogue catalogue = build_catalogue(store_.releases(), &left_out);
  add_chains(catalogue, store_.chains());
  add_metalinks(catalogue, store_.releases(), [this](const StoredRelease& release) {
    return other_servers(release);
  });
  add_boot_script(catalogue, store_.releases(), &left_out);
  http_->set_catalogue(std::make_shared<const Catalogue>(std::move(catalogue)));
  for (const std::string& line : left_out) log_.warning("not served over HTTP", {{"what", line}});
}

void Node::open_lan() {
  if (!options_.use_lan) return;
  auto lan = dht::Lan::start({}, [this] { session_->wake(); });
  if (!lan) return log_.error("not on the link", lan.error());
  lan_ = std::move(*lan);
}

std::vector<dht::LanNode> Node::lan_nodes() const {
  return lan_ ? lan_->nodes() : std::vector<dht::LanNode>();
}

void Node::tell_lan() {
  if (!lan_) return;
  dht::LanService service;
  service.peer_port = session_->listening().empty() ? 0 : session_->listening().front().port;
  service.http_port = http_->listening().empty() ? 0 : http_->listening().front().port;
  for (const StoredRelease& release : store_.releases()) {
    if (!release.current) continue;
    service.releases.push_back({release.publisher.id(), release.channel, release.arch,
                                release.manifest.release_version});
  }
  for (const auto& follower : followers_) {
    const auto fetching = follower->acquiring() ? follower->acquiring()->lan_fetching() : std::nullopt;
    if (fetching) service.fetching.push_back(*fetching);
  }
  if (told_lan_ == service) return;
  told_lan_ = service;
  lan_->publish(service);
}

void Node::hear_lan() {
  const auto events = lan_->take();
  if (events.empty()) return;
  const auto link = dht::OnLink::now();
  for (const dht::LanEvent& event : events) {
    if (const auto* note = std::get_if<dht::LanNote>(&event)) {
      log_.info("LAN: " + note->text);
    } else if (const auto* registered = std::get_if<dht::LanRegistered>(&event)) {
      lan_name_ = registered->instance + " (" + registered->by + ")";
      announce_("registered on the link as=" + registered->instance + " by=" + registered->by);
    } else if (const auto* found = std::get_if<dht::LanFound>(&event); found && link) {
      // Where the DHT begins is nobody's word alone; elsewhere than here, the LAN has none.
      for (Endpoint at : found->node.addresses) {
        at.port = found->node.service.peer_port;
        const bool stays = !found->node.service.only_fetches();
        if (options_.use_dht && stays && at.port != 0 && link->contains(at)) session_->add_nodes({at});
      }
    }
    for (const auto& follower : followers_) follower->handle(event);
  }
}

Result<void> Node::adopt(const FollowTarget&, const boot::Acquired& acquired) {
  if (acquired.release) session_->remove(*acquired.release);
  IncomingRelease incoming;
  if (acquired.pointer.empty()) return {ErrorCode::kNoPointer, "it came without a pointer"};
  incoming.publisher = acquired.pointer.front().key;
  incoming.folder = acquired.folder;
  incoming.torrent = acquired.torrent;
  incoming.pointer = acquired.pointer;
  if (auto installed = store_.install(incoming); !installed) return installed;
  seed_store();
  if (auto pruned = store_.prune(); !pruned) log_.error("cannot remove old releases", pruned.error());
  return {};
}

std::vector<boot::OlderRelease> Node::older(const FollowTarget& target) const {
  std::vector<boot::OlderRelease> same;
  std::vector<boot::OlderRelease> others;
  for (const StoredRelease& release : store_.releases()) {
    const bool is_same = release.channel == target.channel && release.arch == target.arch;
    (is_same ? same : others).push_back({release.folder, release.torrent});
  }
  others.insert(others.end(), options_.older.begin(), options_.older.end());
  same.insert(same.end(), others.begin(), others.end());
  return same;
}

void Node::refresh(const FollowTarget& target, const std::vector<SignedItem>& items) {
  const StoredRelease* release = store_.newest(target.base.root, target.channel, target.arch);
  if (release == nullptr || items.empty()) return;
  const auto same = [](const SignedItem& a, const SignedItem& b) {
    return a.key == b.key && a.salt == b.salt && a.seq == b.seq;
  };
  if (std::equal(items.begin(), items.end(), release->pointer.begin(), release->pointer.end(), same)) {
    return;
  }
  const bool same_key = items.front().key == release->publisher;
  if (same_key && items.size() < release->pointer.size()) return;
  IncomingRelease incoming;
  incoming.publisher = items.front().key;
  incoming.folder = release->folder;
  incoming.torrent = release->torrent;
  incoming.pointer = items;
  if (auto done = store_.install(incoming); !done) {
    log_.error("cannot keep the fresher pointer of " + target.text(), done.error());
    return;
  }
  share_catalogue();
}

void Node::reload() {
  const auto changed = store_.reload();
  if (!changed) return log_.error("cannot read the store", changed.error());
  share_roots();
  for (const auto& follower : followers_) {
    Held now = held(follower->target());
    if (now.release_version > follower->held().release_version) follower->published(std::move(now));
  }
  follow({});
  seed_store();
}

void Node::handle(const dht::Event& event) {
  if (const auto* stored = std::get_if<dht::ItemStored>(&event)) {
    announce_("pointer stored salt=" + stored->salt + " seq=" + std::to_string(stored->seq) +
              " nodes=" + std::to_string(stored->nodes));
  } else if (const auto* failed = std::get_if<dht::ReleaseFailed>(&event)) {
    for (const auto& [name, id] : seeded_) {
      if (id == failed->release) log_.error("seeding " + name, failed->error);
    }
  } else if (const auto* listen = std::get_if<dht::ListenFailed>(&event)) {
    log_.error("listening on " + listen->at.text(), listen->error);
  } else if (const auto* found = std::get_if<dht::ProvidersFound>(&event)) {
    if (peer_search_) peer_search_->handle(*found, clock_.now());
    next_tell_peers_ = std::min(next_tell_peers_, clock_.now() + std::chrono::seconds(1));
  }
  for (const auto& follower : followers_) follower->handle(event);
}

void Node::tick_followers() {
  for (const auto& follower : followers_) {
    follower->tick();
    for (const std::string& line : follower->take_messages()) {
      log_.info(line, {{"follow", follower->target().channel + "/" + follower->target().arch},
                       {"publisher", follower->target().publisher()}});
    }
  }
  tell_lan();
}

void Node::step(std::chrono::milliseconds longest) {
  MonoTime until = clock_.now() + longest;
  for (const auto& follower : followers_) until = std::min(until, follower->next_tick());
  const auto pause = std::chrono::ceil<std::chrono::milliseconds>(until - clock_.now());
  for (const dht::Event& event : session_->wait(std::max(pause, std::chrono::milliseconds(0)))) {
    handle(event);
  }
  if (lan_) hear_lan();
  take_names(clock_.now());
  tell_listening();
  tick_followers();
  tell_peers(clock_.now());
  tell_servers(clock_.now());
  punch_holes(clock_.now());
  tell_expiry(clock_.now());
}

void Node::close() {
  // Nodes on the link hear at once that this one goes.
  lan_.reset();
  std::string text;
  for (const Endpoint& node : session_->saved_nodes()) text += node.text() + "\n";
  if (text.empty()) return;
  const auto saved = replace_file(store_.files(), saved_nodes_path(store_), as_bytes(text));
  if (!saved) log_.error("cannot save the DHT nodes", saved.error());
}

}  // namespace phase::node
