#include "boot/acquire.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <set>

#include "boot/arrival_check.h"
#include "boot/given_provider.h"
#include "boot/pointer_choice.h"
#include "boot/release_check.h"
#include "proto/envelope.h"
#include "proto/names.h"

namespace phase::boot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kMaxRefusals = 32;
constexpr std::size_t kMaxToldProviders = 16;
/// Progress and timeouts are looked at so often; everything else happens by events.
constexpr milliseconds kTickEvery{250};
/// With every peer banned nobody honest is left; a new one may still be found for so long.
constexpr seconds kAllBannedPatience{10};

std::optional<Bytes> read_small_file(const std::string& path, std::size_t cap) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                             &std::fclose);
  if (!file) return std::nullopt;
  Bytes bytes(cap + 1);
  bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file.get()));
  if (bytes.size() > cap) return std::nullopt;
  return bytes;
}

}  // namespace

const char* stage_name(Stage stage) {
  static constexpr std::array kNames = {"discover", "providers", "manifest", "artifacts",
                                        "verify",   "done",      "failed"};
  return kNames.at(static_cast<std::size_t>(stage));
}

struct Acquire::State {
  State(dht::Session& s, const Clock& c, AcquireOptions o)
      : session(s),
        clock(c),
        options(std::move(o)),
        choice(options.policy.pointer_keys, options.channel, options.arch, options.min_version) {}

  dht::Session& session;
  const Clock& clock;
  AcquireOptions options;
  PointerChoice choice;

  Stage stage = Stage::kDiscover;
  MonoTime stage_began;
  MonoTime last_tick;
  MonoTime settled_at;  // until then a better pointer is taken, whatever was begun with the last
  std::vector<dht::LookupId> item_lookups;
  std::optional<dht::LookupId> provider_lookup;
  std::vector<GivenProvider> given;
  std::set<Endpoint> told_providers;
  bool dht_answered = false;

  std::optional<dht::ReleaseId> release;
  dht::Infohashes infohashes;
  bool was_there = false;          // the release's folder, before a byte of it was asked for
  std::optional<Error> doomed;     // why this release is none; a better pointer may still come
  std::optional<VerifiedManifest> manifest;
  std::optional<ArrivalCheck> arrivals;
  std::uint64_t last_done = 0;
  MonoTime last_progress;
  std::optional<MonoTime> all_banned_since;
  std::vector<std::string> banned;

  std::optional<Error> error;
  std::optional<Acquired> acquired;
  AcquireReport report;
  std::vector<std::string> messages;

  [[nodiscard]] bool ended() const { return stage == Stage::kDone || stage == Stage::kFailed; }

  void say(std::string line) { messages.push_back(std::move(line)); }

  void refuse(std::string what) {
    if (std::find(report.refusals.begin(), report.refusals.end(), what) != report.refusals.end()) {
      return;
    }
    say("refused: " + what);
    if (report.refusals.size() < kMaxRefusals) report.refusals.push_back(std::move(what));
  }

  void enter(Stage next) {
    const MonoTime now = clock.now();
    const double took = std::chrono::duration<double>(now - stage_began).count();
    const auto again = std::find_if(report.stages.begin(), report.stages.end(),
                                    [this](const StageTime& past) { return past.stage == stage; });
    if (again == report.stages.end()) report.stages.push_back({stage, took});
    else again->seconds += took;
    stage = next;
    stage_began = now;
    last_progress = now;
  }

  void stop_lookups() {
    for (const dht::LookupId lookup : item_lookups) session.stop(lookup);
    item_lookups.clear();
    if (provider_lookup) session.stop(*provider_lookup);
    provider_lookup.reset();
  }

  void fail(Error why) {
    if (ended()) return;
    freeze_accounts();
    error = why.in("channel " + options.channel);
    enter(Stage::kFailed);
    stop_lookups();
    arrivals.reset();
    if (release) session.remove(*release);
    release.reset();
  }

  /// As fail(), where a better pointer may still come that names another release.
  void fail_release(const Error& why) {
    if (clock.now() >= settled_at) return fail(why);
    doomed = why;
  }

  /// The session forgets a removed release's peers; the report must not.
  void freeze_accounts() {
    if (!release) return;
    report.sources = session.peers(*release);
    report.wasted = session.status(*release).failed_bytes;
    report.received = 0;
    for (const dht::PeerAccount& peer : report.sources) report.received += peer.received;
  }

  // Discovery.

  void start() {
    stage_began = last_progress = last_tick = clock.now();
    if (options.use_dht) {
      for (const auto& [key, salt] : choice.questions()) {
        item_lookups.push_back(session.find_item(key, salt));
      }
    }
    for (const std::string& url : options.provider_urls) {
      auto provider = GivenProvider::ask(url, options.policy.pointer_keys.front(), options.channel,
                                         options.arch, [this] { session.wake(); });
      if (provider) given.push_back(std::move(*provider));
      else refuse(provider.error().detail);
    }
    if (!options.use_dht && given.empty()) {
      fail({ErrorCode::kNoBootstrap,
            "neither a DHT node nor a provider is known; give phase.bootstrap=HOST:PORT or "
            "phase.provider=URL (plasmd: --bootstrap, --provider)"});
    }
  }

  void offer(const SignedItem& item, const std::string& from) {
    PointerChoice with_it = choice;
    auto better = with_it.offer(item);
    if (!better) return refuse(from + ": " + better.error().detail);
    const bool may_switch = stage <= Stage::kManifest || clock.now() < settled_at;
    // Too late for this time: what is handed on at the end is the pointer of what was fetched.
    if (*better && !may_switch) return;
    choice = std::move(with_it);
    if (!*better) return;
    const Pointer& best = *choice.best();
    if (release && infohashes == dht::Infohashes{best.infohash_v1, best.infohash_v2}) return;
    say("pointer: version " + std::to_string(best.release_version) + " of " + options.channel +
        "/" + options.arch + " (" + from + ")");
    if (stage == Stage::kDiscover) settled_at = clock.now() + options.settle;
    begin_release();
  }

  void poll_given_providers() {
    for (GivenProvider& provider : given) {
      if (auto items = provider.poll_pointer()) take_given_pointer(provider, *items);
      if (ended()) return;
      if (auto torrent = provider.poll_torrent()) take_given_torrent(provider, *torrent);
      if (ended()) return;
    }
  }

  void take_given_pointer(GivenProvider& provider, const Result<std::vector<SignedItem>>& items) {
    if (!items) return given_failed(items.error());
    for (const SignedItem& item : *items) offer(item, provider.base());
  }

  void take_given_torrent(GivenProvider& provider, const Result<Bytes>& torrent) {
    if (!torrent) return given_failed(torrent.error());
    if (!release) return;
    if (session.info(*release)) return session.add_web_seed(*release, provider.web_seed());
    // The session takes metadata at the start of a fetch only: begin it anew with the file.
    session.remove(*release);
    auto again = session.fetch(infohashes, options.folder, *torrent);
    if (!again) {
      given_failed(again.error().in(provider.base()));
      if (ended()) return;
      again = session.fetch(infohashes, options.folder);
      if (!again) return fail(again.error());
    } else {
      session.add_web_seed(*again, provider.web_seed());
    }
    release = *again;
    if (session.info(*release)) metadata_received();
  }

  /// Fatal only where the DHT is not asked as well and no other provider was given.
  void given_failed(const Error& why) {
    refuse(why.detail);
    const bool others = std::any_of(given.begin(), given.end(),
                                    [](const GivenProvider& p) { return p.busy(); });
    if (!options.use_dht && !others) fail({ErrorCode::kProvider, why.detail});
  }

  // From the pointer to the manifest.

  void begin_release() {
    const Pointer& pointer = *choice.best();
    drop_release();
    if (provider_lookup) session.stop(*provider_lookup);
    provider_lookup.reset();
    infohashes = {pointer.infohash_v1, pointer.infohash_v2};
    auto started = session.fetch(infohashes, options.folder);
    if (!started) return fail(started.error());
    release = *started;
    enter(Stage::kProviders);
    if (options.use_dht) provider_lookup = session.find_providers(infohashes);
    for (const ProviderHint& hint : pointer.providers) {
      session.connect(*release, hint.peer, {.given = true});
    }
    for (GivenProvider& provider : given) provider.ask_torrent();
  }

  /// An older release that was begun goes, and what was fetched of it; what lay there before stays.
  void drop_release() {
    arrivals.reset();
    manifest.reset();
    if (doomed) refuse(doomed->detail);
    doomed.reset();
    last_done = 0;
    if (!release) return;
    const bool ours = session.info(*release).has_value() && !was_there;
    session.remove(*release, ours ? dht::Files::kDelete : dht::Files::kKeep);
    release.reset();
  }

  void metadata_received() {
    const auto info = session.info(*release);
    if (!info || stage != Stage::kProviders || doomed) return;
    if (auto good = check_has_manifest(*info); !good) return fail_release(good.error());
    std::error_code failed;
    was_there = std::filesystem::exists(options.folder + "/" + info->name, failed);
    enter(Stage::kManifest);
    if (auto wanted = session.want(*release, {kManifestFile}); !wanted) fail(wanted.error());
  }

  Result<VerifiedManifest> check_manifest(const dht::TorrentInfo& info) {
    const auto envelope = read_small_file(options.folder + "/" + info.name + "/" + kManifestFile,
                                          kMaxEnvelopeBytes);
    if (!envelope) return {ErrorCode::kStore, "manifest.dsse cannot be read back"};
    if (sha256(*envelope) != choice.best()->manifest_sha256) {
      return {ErrorCode::kAltered, "manifest.dsse is not the one that the pointer names"};
    }
    auto verified = verify_manifest(*envelope, options.policy,
                                    {options.channel, options.arch, options.min_version,
                                     clock.wall()});
    if (!verified) return verified.error().in("manifest");
    if (verified->manifest.release_version != choice.best()->release_version) {
      return {ErrorCode::kMalformed,
              "the pointer says version " + std::to_string(choice.best()->release_version) +
                  ", its manifest " + std::to_string(verified->manifest.release_version)};
    }
    if (auto same = check_torrent(info, *verified); !same) return same.error();
    say("manifest: version " + std::to_string(verified->manifest.release_version) +
        " signed by " + verified->signed_by);
    if (options.admit) {
      if (auto fits = options.admit(*verified); !fits) return fits.error();
    }
    return verified;
  }

  void manifest_received() {
    const auto info = session.info(*release);
    check(info.has_value(), "a completed file without metadata");
    auto checked = check_manifest(*info);
    if (!checked) return fail_release(checked.error());
    manifest = std::move(*checked);
    enter(Stage::kArtifacts);
    std::vector<std::string> all;
    for (const dht::TorrentFile& file : info->files) all.push_back(file.path);
    if (auto wanted = session.want(*release, all); !wanted) return fail(wanted.error());
    if (!options.check_artifacts) return;
    arrivals.emplace(options.folder + "/" + info->name, *info, manifest->manifest,
                     [this] { session.wake(); });
  }

  // Artifacts.

  void all_received() {
    freeze_accounts();
    enter(Stage::kVerify);
    if (arrivals) arrivals->arrived(session.pieces(*release));
  }

  /// Done where all is checked, and no better pointer is waited for any more.
  void verify_tick(MonoTime now) {
    if (now < settled_at) return;
    if (!arrivals) return done();
    const auto result = arrivals->poll();
    if (!result) return;
    arrivals.reset();
    if (!*result) return fail(result->error());
    done();
  }

  void done() {
    auto torrent = session.torrent_file(*release);
    if (!torrent) return fail(torrent.error());
    Acquired all;
    all.manifest = *manifest;
    all.pointer = choice.items();
    all.release = *release;
    all.folder = options.folder + "/" + session.info(*release)->name;
    all.torrent = std::move(*torrent);
    acquired = std::move(all);
    enter(Stage::kDone);
    stop_lookups();
    given.clear();
  }

  void peer_banned(const dht::PeerBanned& event) {
    const std::string name = event.peer.text();
    if (std::find(banned.begin(), banned.end(), name) != banned.end()) return;
    banned.push_back(name);
    refuse("provider " + name + " served bytes that do not match the signed release");
  }

  void watch_progress(MonoTime now) {
    const dht::ReleaseStatus status = session.status(*release);
    if (status.done != last_done) {
      last_done = status.done;
      last_progress = now;
      if (arrivals) arrivals->arrived(session.pieces(*release));
    }
    const bool nobody_left = !banned.empty() && status.peers == 0;
    if (!nobody_left) all_banned_since.reset();
    else if (!all_banned_since) all_banned_since = now;
    if (nobody_left && now - *all_banned_since > kAllBannedPatience) return fail(altered());
    if (now - last_progress < options.stall_timeout) return;
    if (!banned.empty() || status.failed_bytes > 0) return fail(altered());
    fail({ErrorCode::kNoProvider,
          "no checked byte came for " +
              std::to_string(std::chrono::duration_cast<seconds>(options.stall_timeout).count()) +
              " s from " + std::to_string(status.peers) + " connected peers"});
  }

  [[nodiscard]] Error altered() const {
    std::string names;
    for (const std::string& name : banned) names += (names.empty() ? "" : ", ") + name;
    return {ErrorCode::kAltered,
            "every provider served bytes that do not match the signed release" +
                (names.empty() ? std::string() : ": " + names)};
  }

  // Time.

  void discover_tick(MonoTime now) {
    if (now - stage_began < options.discover_timeout) return;
    if (options.use_dht && !dht_answered && session.dht_nodes() == 0) {
      return fail({ErrorCode::kNoBootstrap,
                   "no DHT node answered; check that UDP leaves this network and that a "
                   "bootstrap node is up"});
    }
    fail({ErrorCode::kNoPointer,
          "the DHT holds no valid pointer of key " + options.policy.pointer_keys.front().id() +
              " for " + options.channel + "/" + options.arch});
  }

  void providers_tick(MonoTime now) {
    if (now - stage_began < options.provider_timeout) return;
    fail({ErrorCode::kNoProvider,
          stage == Stage::kProviders
              ? "the pointer was found, but nobody serves its release (version " +
                    std::to_string(choice.best()->release_version) + ")"
              : std::string("nobody delivered the manifest")});
  }

  void tick() {
    if (ended()) return;
    const MonoTime now = last_tick = clock.now();
    poll_given_providers();
    if (ended()) return;
    if (doomed && now >= settled_at) return fail(*doomed);
    if (doomed) return;
    if (stage == Stage::kDiscover) discover_tick(now);
    else if (stage == Stage::kProviders || stage == Stage::kManifest) providers_tick(now);
    else if (stage == Stage::kArtifacts) watch_progress(now);
    else if (stage == Stage::kVerify) verify_tick(now);
  }

  // Events.

  void on(const dht::DhtReady&) { dht_answered = true; }
  void on(const dht::ItemFound& event) {
    dht_answered = true;
    if (std::find(item_lookups.begin(), item_lookups.end(), event.lookup) == item_lookups.end()) {
      return;
    }
    offer(event.item, "DHT");
  }
  void on(const dht::ProvidersFound& event) {
    if (!release || event.lookup != provider_lookup) return;
    for (const Endpoint& peer : event.peers) {
      if (told_providers.size() < kMaxToldProviders && told_providers.insert(peer).second) {
        say("provider: " + peer.text() + " (DHT)");
      }
      session.connect(*release, peer, {.dht = true});
    }
  }
  void on(const dht::MetadataReceived& event) {
    if (event.release == release) metadata_received();
  }
  void on(const dht::ReleaseCompleted& event) {
    if (event.release != release) return;
    if (stage == Stage::kManifest) manifest_received();
    else if (stage == Stage::kArtifacts) all_received();
  }
  void on(const dht::PeerBanned& event) {
    if (event.release == release) peer_banned(event);
  }
  void on(const dht::ReleaseFailed& event) {
    if (event.release == release) fail_release(event.error);
  }
  void on(const dht::ListenFailed&) {}
  void on(const dht::ItemAnswered&) { dht_answered = true; }
  void on(const dht::ItemStored&) {}
  void on(const dht::FileCompleted&) {}
  void on(const dht::PieceFailed&) {}
};

Acquire::Acquire(dht::Session& session, const Clock& clock, AcquireOptions options)
    : state_(std::make_unique<State>(session, clock, std::move(options))) {
  check(!state_->options.policy.pointer_keys.empty(), "a trust policy without pointer key");
}

Acquire::~Acquire() { state_->stop_lookups(); }

void Acquire::start() { state_->start(); }

void Acquire::handle(const dht::Event& event) {
  if (state_->ended()) return;
  std::visit([this](const auto& one) { state_->on(one); }, event);
}

void Acquire::tick() { state_->tick(); }

MonoTime Acquire::next_tick() const {
  const MonoTime next = state_->last_tick + kTickEvery;
  return state_->last_tick < state_->settled_at ? std::min(state_->settled_at, next) : next;
}

void Acquire::cancel() { state_->fail({ErrorCode::kCancelled, "stopped on request"}); }

Stage Acquire::stage() const { return state_->stage; }
const std::optional<Error>& Acquire::error() const { return state_->error; }
const std::optional<Acquired>& Acquire::acquired() const { return state_->acquired; }

dht::ReleaseStatus Acquire::progress() const {
  return state_->release ? state_->session.status(*state_->release) : dht::ReleaseStatus{};
}

AcquireReport Acquire::report() const {
  if (state_->release && state_->stage != Stage::kDone) state_->freeze_accounts();
  return state_->report;
}

std::vector<std::string> Acquire::take_messages() { return std::exchange(state_->messages, {}); }

}  // namespace phase::boot
