#include "node/run_fetch.h"

#include <algorithm>

#include "boot/lan_voice.h"
#include "dht/lan/lan.h"

namespace phase::node {
namespace {

using std::chrono::milliseconds;

/// A resolver that works has answered by then.
constexpr milliseconds kNamesDecide{300};
constexpr milliseconds kLongestWait{200};

/// A link on which nobody can be asked is no reason to stop.
std::unique_ptr<dht::Lan> open_lan(const boot::AcquireOptions& options, dht::Session& session,
                                   FetchWatcher& watcher) {
  if (!options.use_lan) return nullptr;
  auto lan = dht::Lan::start({}, [&session] { session.wake(); });
  if (lan) return std::move(*lan);
  watcher.message("LAN: " + lan.error().detail);
  return nullptr;
}

void hear(dht::Lan& lan, boot::Acquire& acquire, FetchWatcher& watcher) {
  for (const dht::LanEvent& event : lan.take()) {
    if (const auto* note = std::get_if<dht::LanNote>(&event)) watcher.message("LAN: " + note->text);
    acquire.handle(event);
  }
}

/// Names of the public network, or somebody public beside them, leave nothing to be decided.
bool names_decide(NetworkChoice choice, const dht::NamedNodes& nodes) {
  if (choice != NetworkChoice::kAuto || nodes.names.empty()) return false;
  const auto& known = dht::default_bootstrap();
  return std::all_of(nodes.literals.begin(), nodes.literals.end(),
                     [](const Endpoint& node) { return node.is_private(); }) &&
         std::none_of(nodes.names.begin(), nodes.names.end(), [&](const std::string& name) {
           return std::find(known.begin(), known.end(), name) != known.end();
         });
}

}  // namespace

std::vector<dht::Event> Visitor::wait(milliseconds timeout) {
  auto events = session->wait(timeout);
  if (const auto found = names->take(); !found.empty()) session->add_nodes(found);
  return events;
}

Result<Visitor> open_visitor(const FetchOptions& options, boot::AcquireOptions& acquire) {
  const boot::Visit visit{.mode = options.mode,
                          .dht = options.use_dht,
                          .lan = options.use_lan,
                          .offline = false,
                          .proxy = options.proxy};
  dht::SessionOptions session;
  dht::NamedNodes nodes;
  if (boot::asks_dht(visit)) {
    auto sorted = dht::sort_nodes(options.bootstrap);
    if (!sorted) return sorted.error();
    nodes = std::move(*sorted);
  }
  auto names = std::make_unique<dht::NameLookup>(nodes.names);
  session.nodes = nodes.literals;
  if (names_decide(options.network, nodes)) {
    names->wait(kNamesDecide);
    for (const Endpoint& found : names->take()) session.nodes.push_back(found);
  }
  session.network = choose_network(options.network, session.nodes);
  const bool nobody_known = session.nodes.empty() && !nodes.names.empty();
  if (nobody_known && options.network == NetworkChoice::kAuto) {
    session.network = dht::NetworkKind::kPublic;
  }
  if (auto prepared = boot::prepare(visit, acquire, session); !prepared) return prepared.error();
  auto opened = dht::Session::open(session);
  if (!opened) return opened.error();
  names->wake_with([session = opened->get()] { session->wake(); });
  return Visitor{std::move(*opened), std::move(names)};
}

FetchResult run_fetch(const FetchOptions& options, const Clock& clock,
                      const std::atomic<bool>& cancelled, FetchWatcher& watcher) {
  boot::AcquireOptions acquire_options;
  acquire_options.policy = options.policy;
  acquire_options.channel = options.channel;
  acquire_options.arch = options.arch;
  acquire_options.min_version = options.min_version;
  acquire_options.folder = options.folder;
  acquire_options.provider_urls = options.provider_urls;
  acquire_options.cache = options.cache;
  acquire_options.provider_timeout = options.provider_timeout;
  acquire_options.stall_timeout = options.provider_timeout;
  acquire_options.admit = options.admit;
  auto visitor = open_visitor(options, acquire_options);
  if (!visitor) return {visitor.error(), {}};
  dht::Session& session = *visitor->session;
  const auto lan = open_lan(acquire_options, session, watcher);
  acquire_options.use_lan = lan != nullptr;
  boot::Acquire acquire(session, clock, std::move(acquire_options));
  boot::LanVoice voice(lan.get(), session);
  const MonoTime began = clock.now();
  acquire.start();
  while (!acquire.acquired() && !acquire.error()) {
    const auto pause = std::chrono::ceil<milliseconds>(acquire.next_tick() - clock.now());
    for (const dht::Event& event :
         visitor->wait(std::clamp(pause, milliseconds(0), kLongestWait))) {
      acquire.handle(event);
    }
    if (lan) hear(*lan, acquire, watcher);
    acquire.tick();
    voice.tell(acquire);
    for (const std::string& line : acquire.take_messages()) watcher.message(line);
    watcher.progress(acquire.stage(), acquire.progress());
    if (cancelled.load()) acquire.cancel();
    const bool late = options.timeout.count() > 0 && clock.now() - began > options.timeout;
    if (late && !acquire.error() && !acquire.acquired()) {
      return {Error{ErrorCode::kTimeout, "not done after " +
                                             std::to_string(options.timeout.count()) +
                                             " s, in stage " + boot::stage_name(acquire.stage())},
              acquire.report()};
    }
  }
  if (acquire.error()) return {*acquire.error(), acquire.report()};
  return {*acquire.acquired(), acquire.report()};
}

}  // namespace phase::node
