#include "node/run_fetch.h"

#include <algorithm>

#include "boot/lan_voice.h"
#include "dht/lan/lan.h"
#include "node/first_nodes.h"

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
  const bool asks = boot::asks_dht(visit);
  auto first = first_nodes(asks ? options.bootstrap : std::vector<std::string>(), options.network,
                           kNamesDecide);
  if (!first) return first.error();
  session.nodes = first->nodes;
  session.network = first->network;
  if (auto prepared = boot::prepare(visit, acquire, session); !prepared) return prepared.error();
  auto opened = dht::Session::open(session);
  if (!opened) return opened.error();
  first->lookup->wake_with([session = opened->get()] { session->wake(); });
  return Visitor{std::move(*opened), std::move(first->lookup)};
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
