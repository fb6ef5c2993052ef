#include "boot/acquire.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <memory>
#include <thread>

#include "boot/http_get.h"
#include "boot/pointer_choice.h"
#include "boot/release_check.h"
#include "proto/envelope.h"
#include "proto/names.h"

namespace phase::boot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kMaxRefusals = 32;
constexpr std::size_t kMaxPointerAnswer = 8 * 1024;
constexpr std::size_t kMaxTorrentAnswer = 4 * dht::kMaxMetadataBytes;
constexpr seconds kHttpDeadline{20};
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

/// A thread that hashes the artifacts, so that the owner's loop goes on seeding and listening.
struct HashJob {
  HashJob(std::string folder, Manifest manifest, dht::Session& session)
      : thread([this, folder = std::move(folder), manifest = std::move(manifest), &session] {
          result = check_artifacts(folder, manifest);
          finished.store(true);
          session.wake();
        }) {}
  ~HashJob() { thread.join(); }
  HashJob(const HashJob&) = delete;
  HashJob& operator=(const HashJob&) = delete;

  Result<void> result;
  std::atomic<bool> finished = false;
  std::thread thread;
};

/// A provider given by URL: its relay of the pointer, its .torrent, then a web seed.
struct GivenProvider {
  std::string base;
  HttpUrl url;
  std::optional<HttpGet> pointer_get;
  std::optional<HttpGet> torrent_get;
};

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
  std::optional<MonoTime> settled_at;      // when the best pointer so far is taken
  std::vector<dht::LookupId> item_lookups;
  std::optional<dht::LookupId> provider_lookup;
  std::vector<GivenProvider> given;
  bool dht_answered = false;

  std::optional<dht::ReleaseId> release;
  dht::Infohashes infohashes;
  std::optional<VerifiedManifest> manifest;
  std::unique_ptr<HashJob> hashing;
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
    report.stages.push_back({stage, std::chrono::duration<double>(now - stage_began).count()});
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
    if (release) session.remove(*release);
    release.reset();
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
    for (const std::string& text : options.provider_urls) ask_given_provider(text);
    if (!options.use_dht && given.empty()) {
      fail({ErrorCode::kNoBootstrap,
            "neither a DHT node nor a provider is known; give phase.bootstrap=HOST:PORT or "
            "phase.provider=URL (plasmd: --bootstrap, --provider)"});
    }
  }

  void ask_given_provider(const std::string& text) {
    auto url = parse_http_url(text);
    if (!url) return refuse(url.error().detail);
    GivenProvider provider;
    provider.base = text;
    while (provider.base.ends_with('/')) provider.base.pop_back();
    provider.url = *url;
    HttpUrl ask = *url;
    ask.target += "/pointer/" + options.policy.pointer_keys.front().hex() + "/" + options.channel +
                  "/" + options.arch;
    provider.pointer_get.emplace(std::move(ask), kMaxPointerAnswer, kHttpDeadline,
                                 [this] { session.wake(); });
    given.push_back(std::move(provider));
  }

  void offer(const SignedItem& item, const std::string& from) {
    auto better = choice.offer(item);
    if (!better) return refuse(from + ": " + better.error().detail);
    if (!*better) return;
    const bool may_switch = stage <= Stage::kManifest;
    if (!may_switch) return;
    say("pointer: version " + std::to_string(choice.best()->release_version) + " of " +
        options.channel + "/" + options.arch + " (" + from + ")");
    if (stage == Stage::kDiscover) {
      if (!settled_at) settled_at = clock.now() + options.settle;
      return;
    }
    begin_release();  // a newer one came while the older was still being looked for
  }

  void poll_given_providers() {
    for (GivenProvider& provider : given) {
      if (provider.pointer_get) poll_given_pointer(provider);
      if (ended()) return;
      if (provider.torrent_get) poll_given_torrent(provider);
      if (ended()) return;
    }
  }

  void poll_given_pointer(GivenProvider& provider) {
    auto answer = provider.pointer_get->poll();
    if (!answer) return;
    provider.pointer_get.reset();
    if (!*answer) return given_failed(answer->error());
    auto items = decode_items(**answer, options.policy.pointer_keys.front());
    if (!items) return given_failed(items.error().in(provider.base));
    for (const SignedItem& item : *items) offer(item, provider.base);
  }

  void poll_given_torrent(GivenProvider& provider) {
    auto answer = provider.torrent_get->poll();
    if (!answer) return;
    provider.torrent_get.reset();
    if (!*answer) return given_failed(answer->error());
    if (!release) return;
    if (session.info(*release)) return session.add_web_seed(*release, provider.base + "/release");
    // The session takes metadata at the start of a fetch only: begin it anew with the file.
    session.remove(*release);
    auto again = session.fetch(infohashes, options.folder, **answer);
    if (!again) {
      given_failed(again.error().in(provider.base));
      if (ended()) return;
      again = session.fetch(infohashes, options.folder);
      if (!again) return fail(again.error());
    } else {
      session.add_web_seed(*again, provider.base + "/release");
    }
    release = *again;
    if (session.info(*release)) metadata_received();
  }

  /// Fatal only where the DHT is not asked as well and no other provider was given.
  void given_failed(const Error& why) {
    refuse(why.detail);
    const bool others = std::any_of(given.begin(), given.end(), [](const GivenProvider& p) {
      return p.pointer_get.has_value() || p.torrent_get.has_value();
    });
    if (!options.use_dht && !others) fail({ErrorCode::kProvider, why.detail});
  }

  // From the pointer to the manifest.

  void begin_release() {
    const Pointer& pointer = *choice.best();
    if (release) session.remove(*release);
    release.reset();
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
    for (GivenProvider& provider : given) {
      HttpUrl ask = provider.url;
      ask.target += "/" + options.channel + "/" + options.arch + "/release.torrent";
      provider.torrent_get.emplace(std::move(ask), kMaxTorrentAnswer, kHttpDeadline,
                                   [this] { session.wake(); });
    }
  }

  void metadata_received() {
    const auto info = session.info(*release);
    if (!info || stage != Stage::kProviders) return;
    if (auto good = check_has_manifest(*info); !good) return fail(good.error());
    enter(Stage::kManifest);
    if (auto wanted = session.want(*release, {kManifestFile}); !wanted) fail(wanted.error());
  }

  void manifest_received() {
    const auto info = session.info(*release);
    check(info.has_value(), "a completed file without metadata");
    const auto envelope = read_small_file(options.folder + "/" + info->name + "/" + kManifestFile,
                                          kMaxEnvelopeBytes);
    if (!envelope) return fail({ErrorCode::kStore, "manifest.dsse cannot be read back"});
    if (sha256(*envelope) != choice.best()->manifest_sha256) {
      return fail({ErrorCode::kAltered, "manifest.dsse is not the one that the pointer names"});
    }
    auto verified = verify_manifest(*envelope, options.policy,
                                    {options.channel, options.arch, options.min_version,
                                     clock.wall()});
    if (!verified) return fail(verified.error().in("manifest"));
    if (verified->manifest.release_version != choice.best()->release_version) {
      return fail({ErrorCode::kMalformed,
                   "the pointer says version " + std::to_string(choice.best()->release_version) +
                       ", its manifest " + std::to_string(verified->manifest.release_version)});
    }
    if (auto same = check_torrent(*info, *verified); !same) return fail(same.error());
    manifest = std::move(*verified);
    say("manifest: version " + std::to_string(manifest->manifest.release_version) +
        " signed by " + manifest->signed_by);
    if (options.admit) {
      if (auto fits = options.admit(*manifest); !fits) return fail(fits.error());
    }
    enter(Stage::kArtifacts);
    std::vector<std::string> all;
    for (const dht::TorrentFile& file : info->files) all.push_back(file.path);
    if (auto wanted = session.want(*release, all); !wanted) fail(wanted.error());
  }

  // Artifacts.

  void all_received() {
    freeze_accounts();
    const auto info = session.info(*release);
    check(info.has_value(), "a completed release without metadata");
    enter(Stage::kVerify);
    if (!options.check_artifacts) return done();
    hashing = std::make_unique<HashJob>(options.folder + "/" + info->name, manifest->manifest,
                                        session);
  }

  void verified() {
    const Result<void> result = hashing->result;
    hashing.reset();
    if (!result) return fail(result.error());
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
    if (settled_at && now >= *settled_at) {
      settled_at.reset();
      return begin_release();
    }
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
    if (stage == Stage::kDiscover) discover_tick(now);
    else if (stage == Stage::kProviders || stage == Stage::kManifest) providers_tick(now);
    else if (stage == Stage::kArtifacts) watch_progress(now);
    else if (stage == Stage::kVerify && hashing->finished.load()) verified();
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
    for (const Endpoint& peer : event.peers) session.connect(*release, peer, {.dht = true});
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
    if (event.release == release) fail(event.error);
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
  return state_->settled_at ? std::min(*state_->settled_at, next) : next;
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
