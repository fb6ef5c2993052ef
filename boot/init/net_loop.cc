#include "boot/init/net_loop.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "boot/acquire.h"
#include "boot/fetch_text.h"
#include "boot/init/identities.h"
#include "boot/init/memory_contract.h"
#include "boot/init/net_report.h"
#include "boot/init/small_file.h"
#include "boot/lan_voice.h"
#include "boot/visit.h"
#include "dht/lan/lan.h"
#include "dht/on_link.h"
#include "dht/resolve.h"
#include "dht/session.h"
#include "proto/root_chain.h"

namespace phase::boot {
namespace {

using std::chrono::milliseconds;
using Kind = StatusLine::Kind;

// PID 1 hears so many lines of this process and no more (line_reader.h), and has to hear the last:
// a fetch that takes hours says less often how far it is. A day is 2,400 lines.
constexpr milliseconds kProgressEvery{500};
constexpr std::chrono::seconds kProgressAtLeastEvery{60};
constexpr int kProgressShare = 200;

Visit visit_of(const NetOptions& options) {
  return {.mode = options.mode,
          .dht = options.network != DhtNetwork::kOff,
          .lan = options.lan,
          .offline = options.offline,
          .proxy = options.proxy};
}

/// What is no HOST:PORT resolves to nothing: it was named where it was given, and a machine boots by
/// the others.
dht::NamedNodes sort_bootstrap(const NetOptions& options) {
  dht::NamedNodes out;
  if (!asks_dht(visit_of(options))) return out;
  for (const std::string& node :
       options.bootstrap.empty() ? dht::default_bootstrap() : options.bootstrap) {
    if (const auto literal = parse_endpoint(node)) {
      out.literals.push_back(*literal);
    } else {
      out.names.push_back(node);
    }
  }
  return out;
}

// `auto`: private settings where every node is known by a private address.
dht::NetworkKind kind_of(DhtNetwork network, const dht::NamedNodes& bootstrap) {
  if (network == DhtNetwork::kPrivate) return dht::NetworkKind::kPrivate;
  if (network == DhtNetwork::kPublic || bootstrap.literals.empty() || !bootstrap.names.empty()) {
    return dht::NetworkKind::kPublic;
  }
  const bool all = std::all_of(bootstrap.literals.begin(), bootstrap.literals.end(),
                               [](const Endpoint& node) { return node.is_private(); });
  return all ? dht::NetworkKind::kPrivate : dht::NetworkKind::kPublic;
}

Result<void> admit_here(const VerifiedManifest& verified) {
  const Manifest& manifest = verified.manifest;
  const auto text = read_small_file("/proc/meminfo", 16 * 1024);
  auto memory = parse_meminfo(text.value_or(""));
  if (!memory) return memory.error();
  auto good = admit(demand_of(manifest), Loader::kFile, *memory);
  if (good) return good;
  return good.error().in("version " + std::to_string(manifest.release_version));
}

Result<AcquireOptions> acquire_options(const NetOptions& options) {
  const auto text = read_small_file(options.trust_file, 64 * 1024);
  if (!text) return {ErrorCode::kConfig, options.trust_file + " cannot be read"};
  auto policy = parse_trust_file(*text);
  if (!policy) return policy.error().in(options.trust_file);
  AcquireOptions out;
  out.check_artifacts = false;  // The verifier does, on bytes that nobody can write any more.
  out.policy = std::move(*policy);
  out.channel = options.channel;
  out.arch = options.arch;
  out.min_version = options.min_version;
  out.root_counter = options.root_counter;
  out.now = options.now;
  out.folder = options.folder;
  out.provider_urls = options.providers;
  out.admit = admit_here;
  return out;
}

/// No cache is no reason to stop.
std::optional<Cache> open_cache(const NetOptions& options,
                                const std::function<void(StatusLine)>& say) {
  if (options.cache.empty() || !policy_of(options.mode).cache) return std::nullopt;
  auto cache = Cache::open(options.cache, CacheUse::kRead);
  if (cache) return std::move(*cache);
  say({Kind::kSay, "no cache: " + cache.error().detail, {}});
  return std::nullopt;
}

/// Nor is a link on which nobody can be asked.
std::unique_ptr<dht::Lan> open_lan(bool wanted, dht::Session& session,
                                   const std::function<void(StatusLine)>& say) {
  if (!wanted) return nullptr;
  dht::LanOptions options;
  options.use_daemon = false;
  auto lan = dht::Lan::start(options, [&session] { session.wake(); });
  if (lan) return std::move(*lan);
  say({Kind::kSay, "LAN: " + lan.error().detail, {}});
  return nullptr;
}

class Loop {
 public:
  Loop(dht::Session& session, Acquire& acquire, dht::NameLookup& names, dht::Lan* lan,
       const Clock& clock, const std::function<void(StatusLine)>& say)
      : session_(session), acquire_(acquire), names_(names), lan_(lan), voice_(lan, session),
        clock_(clock), say_(say), began_(clock.now()) {}

  /// Until it is done or failed.
  void run() {
    acquire_.start();
    while (!acquire_.error() && !acquire_.acquired()) {
      const auto left =
          std::chrono::ceil<milliseconds>(acquire_.next_tick() - clock_.now());
      for (const dht::Event& event : session_.wait(std::max(left, milliseconds(0)))) {
        acquire_.handle(event);
      }
      if (const auto nodes = names_.take(); !nodes.empty()) session_.add_nodes(nodes);
      if (lan_ != nullptr) hear_lan();
      acquire_.tick();
      voice_.tell(acquire_);
      tell();
    }
    tell();
    for (const std::string& line : summary_lines(acquire_.report())) say_({Kind::kSay, line, {}});
  }

 private:
  void hear_lan() {
    for (const dht::LanEvent& event : lan_->take()) {
      if (const auto* note = std::get_if<dht::LanNote>(&event)) {
        say_({Kind::kSay, "LAN: " + note->text, {}});
      }
      acquire_.handle(event);
    }
  }

  void tell() {
    for (const std::string& message : acquire_.take_messages()) say_({Kind::kSay, message, {}});
    const auto report = acquire_.report();
    for (; told_refusals_ < report.refusals.size(); ++told_refusals_) {
      say_({Kind::kRefusal, report.refusals[told_refusals_], {}});
    }
    const MonoTime now = clock_.now();
    if (acquire_.stage() != Stage::kArtifacts || now < next_progress_) return;
    next_progress_ = now + std::clamp<Duration>((now - began_) / kProgressShare, kProgressEvery,
                                                kProgressAtLeastEvery);
    say_({Kind::kProgress, progress_text(acquire_.progress()), {}});
  }

  dht::Session& session_;
  Acquire& acquire_;
  dht::NameLookup& names_;
  dht::Lan* lan_;
  LanVoice voice_;
  const Clock& clock_;
  const std::function<void(StatusLine)>& say_;
  const MonoTime began_;
  std::size_t told_refusals_ = 0;
  MonoTime next_progress_{};
};

/// Where the next system's DHT may begin; at most kMaxNodesFileBytes.
std::string nodes_text(const NetOptions& options, const dht::Session& session) {
  std::string text;
  if (options.offline || !policy_of(options.mode).serve_next) return text;
  for (const Endpoint& node : session.saved_nodes()) {
    const std::string line = node.text() + "\n";
    if (text.size() + line.size() <= kMaxNodesFileBytes) text += line;
  }
  return text;
}

Result<std::string> write_papers(const NetOptions& options, const Acquire& acquire,
                                 const std::string& nodes) {
  const Acquired& acquired = *acquire.acquired();
  const auto write = [&](const char* name, std::string_view text) {
    return write_small_file(options.folder + "/" + name, text);
  };
  if (!write(kReportName, report_json(report_of(acquire.report()))) ||
      (!acquired.torrent.empty() && !write(kTorrentName, as_text(acquired.torrent))) ||
      (!acquired.pointer.empty() &&
       !write(kPointerName, as_text(encode_items(acquired.pointer)))) ||
      (!acquired.roots.empty() &&
       !write(kRootsName, as_text(encode_root_chain(acquired.roots)))) ||
      (!nodes.empty() && !write(kNodesName, nodes))) {
    return {ErrorCode::kStore, options.folder + " cannot be written"};
  }
  return acquired.folder.substr(acquired.folder.rfind('/') + 1);
}

}  // namespace

Result<std::string> fetch_release(const NetOptions& options, const Clock& clock,
                                  const std::function<void(StatusLine)>& say) {
  auto settings = acquire_options(options);
  if (!settings) return settings.error();
  const auto bootstrap = sort_bootstrap(options);
  dht::SessionOptions with;
  with.network = kind_of(options.network, bootstrap);
  with.nodes = bootstrap.literals;
  if (auto prepared = prepare(visit_of(options), *settings, with); !prepared) {
    return prepared.error();
  }
  auto cache = open_cache(options, say);
  settings->cache = cache ? &*cache : nullptr;
  const bool use_lan = settings->use_lan;

  auto session = dht::Session::open(with);
  if (!session && session.error().code == ErrorCode::kNoInterface && cache && !options.offline) {
    // ip=off, or an address that is gone by now: the cache may still answer.
    say({Kind::kSay, "no network: " + session.error().detail, {}});
    NetOptions alone = options;
    alone.offline = true;
    return fetch_release(alone, clock, say);
  }
  if (!session) return session.error();
  const auto lan = open_lan(use_lan, **session, say);
  settings->use_lan = lan != nullptr;
  dht::NameLookup names(bootstrap.names);
  names.wake_with([&session] { (*session)->wake(); });
  Acquire acquire(**session, clock, std::move(*settings));
  Loop(**session, acquire, names, lan.get(), clock, say).run();
  if (acquire.error()) return *acquire.error();
  return write_papers(options, acquire, nodes_text(options, **session));
}

}  // namespace phase::boot
