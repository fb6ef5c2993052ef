#include "node/run_fetch.h"

#include <algorithm>

#include "dht/resolve.h"

namespace phase::node {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds kResolveDeadline{5};
constexpr milliseconds kLongestWait{200};

}  // namespace

Result<std::unique_ptr<dht::Session>> open_visitor(const FetchOptions& options) {
  auto nodes = dht::resolve_nodes(options.bootstrap, kResolveDeadline);
  if (!nodes) return nodes.error();
  dht::SessionOptions session;
  session.enable_dht = options.use_dht;
  session.read_only_dht = true;
  session.network = choose_network(options.network, *nodes);
  session.nodes = std::move(*nodes);
  return dht::Session::open(session);
}

FetchResult run_fetch(const FetchOptions& options, const Clock& clock,
                      const std::atomic<bool>& cancelled, FetchWatcher& watcher) {
  auto session = open_visitor(options);
  if (!session) return {session.error(), {}};
  boot::AcquireOptions acquire_options;
  acquire_options.policy = options.policy;
  acquire_options.channel = options.channel;
  acquire_options.arch = options.arch;
  acquire_options.min_version = options.min_version;
  acquire_options.folder = options.folder;
  acquire_options.provider_urls = options.provider_urls;
  acquire_options.use_dht = options.use_dht;
  acquire_options.provider_timeout = options.provider_timeout;
  acquire_options.stall_timeout = options.provider_timeout;
  acquire_options.admit = options.admit;
  boot::Acquire acquire(**session, clock, std::move(acquire_options));
  const MonoTime began = clock.now();
  acquire.start();
  while (!acquire.acquired() && !acquire.error()) {
    const auto pause = std::chrono::ceil<milliseconds>(acquire.next_tick() - clock.now());
    for (const dht::Event& event :
         (*session)->wait(std::clamp(pause, milliseconds(0), kLongestWait))) {
      acquire.handle(event);
    }
    acquire.tick();
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
