#include "node/discover.h"

#include <algorithm>

#include "boot/pointer_choice.h"
#include "boot/root_search.h"
#include "dht/resolve.h"

namespace phase::node {
namespace {

using std::chrono::milliseconds;

/// Passes nothing on: the manifest is all that is wanted, and its verdict is kept.
class Silent final : public FetchWatcher {
 public:
  void message(const std::string&) override {}
  void progress(boot::Stage, const dht::ReleaseStatus&) override {}
};

class Look {
 public:
  Look(dht::Session& session, const FetchOptions& options, const Clock& clock)
      : session_(session),
        clock_(clock),
        began_(clock.now()),
        channel_(options.channel),
        arch_(options.arch),
        search_(session, options.policy.root, {.use_dht = options.use_dht, .http = {}},
                [&session] { session.wake(); }),
        choice_(options.policy.root.pointer_keys(options.channel, options.arch), options.channel,
                options.arch, options.min_version) {
    for (const std::string& url : options.provider_urls) search_.ask(url);
    search_.start(clock_.now());
    ask_items();
  }

  /// After every batch of events: with a newer root others may sign the pointer.
  void tick() {
    if (!search_.tick(clock_.now())) return;
    choice_.set_keys(search_.root().pointer_keys(channel_, arch_));
    for (const dht::LookupId lookup : lookups_) session_.stop(lookup);
    lookups_.clear();
    if (!choice_.best()) {
      if (providers_) session_.stop(*providers_);
      providers_.reset();
      found_.providers.clear();
      found_.pointer_seconds = found_.first_provider_seconds = 0;
    }
    ask_items();
  }

  void handle(const dht::Event& event) {
    search_.handle(event, clock_.now());
    if (const auto* item = std::get_if<dht::ItemFound>(&event)) {
      const auto better = choice_.offer(item->item);
      if (!better || !*better) return;
      if (found_.pointer_seconds == 0) found_.pointer_seconds = elapsed();
      if (providers_) session_.stop(*providers_);
      found_.providers.clear();
      providers_ = session_.find_providers(
          {choice_.best()->infohash_v1, choice_.best()->infohash_v2});
    } else if (const auto* peers = std::get_if<dht::ProvidersFound>(&event)) {
      if (peers->lookup != providers_) return;
      if (found_.providers.empty() && !peers->peers.empty()) {
        found_.first_provider_seconds = elapsed();
      }
      for (const Endpoint& peer : peers->peers) {
        auto& all = found_.providers;
        if (std::find(all.begin(), all.end(), peer) == all.end()) all.push_back(peer);
      }
    }
  }

  Discovered result() {
    found_.pointer = choice_.best();
    found_.items = choice_.items();
    found_.root = search_.root();
    return std::move(found_);
  }

 private:
  void ask_items() {
    for (const auto& [key, salt] : choice_.questions()) {
      lookups_.push_back(session_.find_item(key, salt));
    }
  }
  [[nodiscard]] double elapsed() const {
    return std::chrono::duration<double>(clock_.now() - began_).count();
  }
  dht::Session& session_;
  const Clock& clock_;
  MonoTime began_;
  std::string channel_, arch_;
  boot::RootSearch search_;
  boot::PointerChoice choice_;
  std::vector<dht::LookupId> lookups_;
  std::optional<dht::LookupId> providers_;
  Discovered found_;
};

/// The pipeline up to the manifest; admit() takes it and refuses the rest.
void fetch_manifest(FetchOptions options, const Clock& clock, const std::atomic<bool>& cancelled,
                    Discovered& found) {
  options.admit = [&found](const VerifiedManifest& manifest) -> Result<void> {
    found.manifest = manifest;
    return {ErrorCode::kCancelled, "the manifest was all that was asked for"};
  };
  Silent silent;
  const FetchResult result = run_fetch(options, clock, cancelled, silent);
  if (!found.manifest && !result.outcome) found.error = result.outcome.error();
}

}  // namespace

Discovered run_discover(const FetchOptions& options, const Clock& clock, milliseconds look_for,
                        const std::atomic<bool>& cancelled) {
  Discovered found;
  {
    boot::AcquireOptions unused;
    auto visitor = open_visitor(options, unused);
    if (!visitor) {
      found.error = visitor.error();
      return found;
    }
    std::unique_ptr<dht::Lan> lan;
    if (options.use_lan) {
      if (auto started = dht::Lan::start({}, [] {})) lan = std::move(*started);
    }
    Look look(*visitor->session, options, clock);
    const MonoTime end = clock.now() + look_for;
    while (clock.now() < end && !cancelled.load()) {
      const auto left = std::chrono::ceil<milliseconds>(end - clock.now());
      for (const dht::Event& event : visitor->wait(std::min(left, milliseconds(200)))) {
        look.handle(event);
      }
      look.tick();
    }
    const bool answered = visitor->session->dht_nodes() > 0;
    found = look.result();
    if (lan) found.lan = lan->nodes();
    if (!found.pointer) {
      found.error = answered ? Error{ErrorCode::kNoPointer, "the DHT holds no valid pointer of "
                                                            "this key, channel and architecture"}
                             : Error{ErrorCode::kNoBootstrap, "no DHT node answered"};
      return found;
    }
    if (found.providers.empty()) {
      found.error = Error{ErrorCode::kNoProvider, "nobody announces the release"};
      return found;
    }
  }
  fetch_manifest(options, clock, cancelled, found);
  return found;
}

}  // namespace phase::node
