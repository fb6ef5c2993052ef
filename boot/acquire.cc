#include "boot/acquire.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "boot/acquire_state.h"

namespace phase::boot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kMaxRefusals = 32;
/// Progress and timeouts are looked at so often; everything else happens by events.
constexpr milliseconds kTickEvery{250};
/// With every peer banned nobody honest is left; a new one may still be found for so long.
constexpr seconds kAllBannedPatience{10};
/// Of a pointer that is settled on, further items (of other keys) are handed on too; whoever has one
/// has answered by then, and the lookups have not been repeated yet (dht/pace.h).
constexpr seconds kLateItems{2};

RelayQuestion question_of(const AcquireOptions& options) {
  return {options.policy.root.pointer_keys(options.channel, options.arch), options.channel,
          options.arch};
}

}  // namespace

const char* stage_name(Stage stage) {
  static constexpr std::array kNames = {"discover", "providers", "manifest", "artifacts",
                                        "verify",   "done",      "failed"};
  return kNames.at(static_cast<std::size_t>(stage));
}

AcquireState::AcquireState(dht::Session& session_in, const Clock& clock_in,
                           AcquireOptions options_in)
    : session(session_in),
      clock(clock_in),
      options(std::move(options_in)),
      choice(options.policy.root.pointer_keys(options.channel, options.arch), options.channel,
             options.arch, options.min_version),
      relays(question_of(options), options.http, [this] { session.wake(); }),
      web(session, options.http, [this] { session.wake(); }),
      web_turn({.stall = options.near_stall}),
      reuse(session, [this] { session.wake(); }),
      roots(session, options.policy.root, {.use_dht = options.use_dht, .http = options.http},
            [this] { session.wake(); }) {}

void AcquireState::refuse(std::string what) {
  if (std::find(report.refusals.begin(), report.refusals.end(), what) != report.refusals.end()) {
    return;
  }
  // Strangers cause these: beyond the limit they would be all that a console shows.
  if (report.refusals.size() >= kMaxRefusals) {
    if (!std::exchange(refusals_left_out, true)) say("further refusals are not shown");
    return;
  }
  say("refused: " + what);
  report.refusals.push_back(std::move(what));
}

void AcquireState::enter(Stage next) {
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

void AcquireState::stop_item_lookups() {
  for (const dht::LookupId lookup : item_lookups) session.stop(lookup);
  item_lookups.clear();
  asked_items.clear();
}

void AcquireState::stop_lookups() {
  stop_item_lookups();
  roots.stop();
  if (provider_lookup) session.stop(*provider_lookup);
  provider_lookup.reset();
}

void AcquireState::end_failed(const Error& why) {
  if (ended()) return;
  freeze_accounts();
  error = why.in("channel " + options.channel);
  enter(Stage::kFailed);
  stop_lookups();
  relays.stop();
  web.stop();
  reuse.stop();
  arrivals.reset();
  if (release) session.remove(*release);
  release.reset();
}

void AcquireState::fail(Error why) {
  if (ended()) return;
  const bool called_off = why.code == ErrorCode::kCancelled;
  if (!called_off && take_best_from_cache(why.detail)) return;
  end_failed(why);
}

void AcquireState::freeze_accounts() {
  if (!release) return;
  report.sources = session.peers(*release);
  for (dht::PeerAccount& server : web.accounts()) report.sources.push_back(std::move(server));
  report.wasted = session.status(*release).failed_bytes + web.wasted();
  report.reused = reuse.reused();
  report.received = 0;
  for (const dht::PeerAccount& peer : report.sources) report.received += peer.received;
}

void AcquireState::watch_progress(MonoTime now) {
  const dht::ReleaseStatus status = session.status(*release);
  if (status.done != last_done) {
    last_done = status.done;
    last_progress = now;
    if (arrivals) arrivals->arrived(session.pieces(*release));
  }
  if (nobody_to_ask()) return fail(all_given_up());
  const bool nobody_left = !banned.empty() && status.peers == 0 && !web.alive();
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

Error AcquireState::altered() const {
  std::string names;
  for (const std::string& name : banned) names += (names.empty() ? "" : ", ") + name;
  return {ErrorCode::kAltered,
          "every provider served bytes that do not match the signed release" +
              (names.empty() ? std::string() : ": " + names)};
}

bool AcquireState::nobody_to_ask() const {
  return !options.use_dht && !options.use_lan && met_peers.empty() && !relays.busy() &&
         !web.alive() && !reuse.busy();
}

Error AcquireState::all_given_up() const {
  if (!banned.empty()) return altered();
  return {ErrorCode::kNoProvider, "the pointer was found, but nobody given serves its release" +
                                      (report.refusals.empty() ? std::string()
                                                               : ": " + report.refusals.back())};
}

// Time.

void AcquireState::discover_tick(MonoTime now) {
  if (cached && !cached->whole().empty() && now - began >= options.newer &&
      take_best_from_cache("nothing newer was found")) {
    return;
  }
  const bool asked_all = !options.use_dht && !options.use_lan && !relays.busy();
  if (!asked_all && now - stage_began < options.discover_timeout) return;
  if (options.use_dht && !dht_answered && session.dht_nodes() == 0) {
    return fail({ErrorCode::kNoBootstrap,
                 "no DHT node answered; check that UDP leaves this network and that a "
                 "bootstrap node is up"});
  }
  // A newer root may have other pointer keys.
  if (auto enough = check_root_counter(); !enough) return fail(enough.error());
  const std::string what = options.channel + "/" + options.arch;
  const auto keys = options.policy.root.pointer_keys(options.channel, options.arch);
  if (keys.empty()) {
    return fail({ErrorCode::kNotGranted, "root version " +
                                             std::to_string(options.policy.root.version) +
                                             " lets nobody point to releases of " + what});
  }
  const std::string wanted = "valid pointer of key " + keys.front().id() + " for " + what;
  if (options.use_dht) return fail({ErrorCode::kNoPointer, "the DHT holds no " + wanted});
  fail({ErrorCode::kNoPointer, "nobody asked has a " + wanted + "; nodes seen on the link: " +
                                   std::to_string(lan_nodes.size())});
}

void AcquireState::providers_tick(MonoTime now) {
  if (nobody_to_ask()) {
    const Error why = all_given_up();
    return choice.has_other() ? give_up_release(why) : fail(why);
  }
  const bool other = choice.has_other();
  const Duration patience =
      other ? std::min(options.other_timeout, options.provider_timeout) : options.provider_timeout;
  if (now - stage_began < patience) return;
  const Error why{ErrorCode::kNoProvider,
                  stage == Stage::kProviders
                      ? "the pointer was found, but nobody serves its release (version " +
                            std::to_string(choice.best()->release_version) + ")"
                      : std::string("nobody delivered the manifest")};
  // What one key points to may not exist; another key's release is asked for then.
  if (other) return give_up_release(why);
  fail(why);
}

void AcquireState::tick() {
  if (ended()) return;
  const MonoTime now = last_tick = clock.now();
  poll_relays();
  if (ended()) return;
  poll_roots(now);
  if (ended()) return;
  poll_web(now);
  poll_reuse(now);
  let_far_in(now);
  ask_silent_holders(now);
  if (doomed && settled(now)) return give_up_release(Error(*doomed));
  if (doomed) return;
  // No other pointer is taken any more (offer()), and a standing lookup asks the whole neighbourhood
  // again every few seconds, beyond the link too.
  if (stage == Stage::kArtifacts && now >= settled_at + kLateItems) stop_item_lookups();
  if (stage == Stage::kDiscover) discover_tick(now);
  else if (stage == Stage::kProviders || stage == Stage::kManifest) providers_tick(now);
  else if (stage == Stage::kArtifacts) watch_progress(now);
  else if (stage == Stage::kVerify) verify_tick(now);
}

// Events.

void AcquireState::on(const dht::MetadataReceived& event) {
  if (event.release == release) metadata_received();
}

void AcquireState::on(const dht::ReleaseCompleted& event) {
  if (event.release != release) return;
  if (stage == Stage::kManifest) manifest_received();
  else if (stage == Stage::kArtifacts) all_received();
}

void AcquireState::on(const dht::PeerBanned& event) {
  if (event.release != release) return;
  const std::string name = event.peer.text();
  if (std::find(banned.begin(), banned.end(), name) != banned.end()) return;
  banned.push_back(name);
  refuse("provider " + name + " served bytes that do not match the signed release");
}

void AcquireState::on(const dht::ReleaseFailed& event) {
  if (event.release == release) fail_release(event.error);
}

Acquire::Acquire(dht::Session& session, const Clock& clock, AcquireOptions options)
    : state_(std::make_unique<AcquireState>(session, clock, std::move(options))) {
}

Acquire::~Acquire() { state_->stop_lookups(); }

void Acquire::start() { state_->start(); }

void Acquire::handle(const dht::Event& event) {
  if (state_->ended()) return;
  state_->roots.handle(event, state_->clock.now());
  std::visit([this](const auto& one) { state_->on(one); }, event);
}

void Acquire::handle(const dht::LanEvent& event) {
  if (state_->ended()) return;
  std::visit([this](const auto& one) { state_->on(one); }, event);
}

void Acquire::tick() { state_->tick(); }

MonoTime Acquire::next_tick() const {
  MonoTime next = state_->last_tick + (state_->reuse.busy() ? kReuseTick : kTickEvery);
  if (state_->last_tick < state_->settled_at) next = std::min(state_->settled_at, next);
  const auto roots = state_->roots.deadline();
  if (roots && state_->last_tick < *roots) next = std::min(*roots, next);
  const auto far = state_->may_let_far_in() ? state_->near_first->deadline() : std::nullopt;
  return far ? std::min(*far, next) : next;
}

void Acquire::cancel() { state_->fail({ErrorCode::kCancelled, "stopped on request"}); }

Stage Acquire::stage() const { return state_->stage; }
const std::optional<Error>& Acquire::error() const { return state_->error; }
const std::optional<Acquired>& Acquire::acquired() const { return state_->acquired; }

dht::ReleaseStatus Acquire::progress() const {
  if (!state_->release) return {};
  dht::ReleaseStatus status = state_->session.status(*state_->release);
  status.rate += state_->web.rate();
  status.peers += state_->web.connected();
  return status;
}

std::optional<dht::LanRelease> Acquire::lan_fetching() const { return state_->lan_fetching(); }

AcquireReport Acquire::report() const {
  if (state_->release && state_->stage != Stage::kDone) state_->freeze_accounts();
  return state_->report;
}

std::vector<std::string> Acquire::take_messages() { return std::exchange(state_->messages, {}); }

}  // namespace phase::boot
