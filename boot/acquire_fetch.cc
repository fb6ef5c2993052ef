// From the pointer to the last byte.
#include <algorithm>
#include <filesystem>
#include <utility>

#include "boot/acquire_state.h"
#include "boot/release_check.h"
#include "boot/small_read.h"
#include "proto/envelope.h"

namespace phase::boot {
namespace {

/// True where the release is none, whoever signed its pointer; false where it may be one that this
/// machine cannot use, or not now. Then an older one is no answer.
bool speaks_against_pointer(ErrorCode code) {
  switch (code) {
    case ErrorCode::kMalformed:
    case ErrorCode::kUnsigned:
    case ErrorCode::kBadSignature:
    case ErrorCode::kWrongKey:
    case ErrorCode::kWrongChannel:
    case ErrorCode::kWrongArch:
    case ErrorCode::kNotGranted:
    case ErrorCode::kLargerThanSigned:
    case ErrorCode::kSmallerThanSigned:
    case ErrorCode::kAltered:
    case ErrorCode::kNoProvider:
      return true;
    default:
      return false;
  }
}

/// Of a manifest that was refused for what it says.
std::optional<std::uint64_t> named_version(ByteView envelope) {
  const auto view = decode_envelope(envelope);
  if (!view) return std::nullopt;
  const auto manifest = decode_manifest(view->payload);
  if (!manifest) return std::nullopt;
  return manifest->release_version;
}

}  // namespace

void AcquireState::begin_release() {
  const Pointer& pointer = *choice.best();
  drop_release();
  infohashes = {pointer.infohash_v1, pointer.infohash_v2};
  if (take_named_from_cache()) return;
  auto started = session.fetch(infohashes, options.folder);
  if (!started) return fail(started.error());
  release = *started;
  enter(Stage::kProviders);
  ask_items();  // In case another release was being fetched already.
  near_first->release();
  meet_lan_holders();
  for (const ProviderHint& hint : pointer.providers) {
    meet_peer(hint.peer, {.given = true}, "pointer");
  }
  // Who has it is asked at once: somebody near may be among them.
  if (options.use_dht) provider_lookup = session.find_providers(infohashes);
  let_far_in(clock.now());
  relays.ask_torrents(infohashes.v1, far_in);
}

/// An older release that was begun goes, and what came of it.
void AcquireState::drop_release() {
  arrivals.reset();
  manifest.reset();
  if (doomed) refuse(doomed->detail);
  doomed.reset();
  last_done = 0;
  far_in = false;
  met_peers.clear();
  http_holders.clear();
  relays.forget_torrents();
  if (provider_lookup) session.stop(*provider_lookup);
  provider_lookup.reset();
  if (from_cache) {
    std::error_code failed;
    if (!was_there) std::filesystem::remove_all(from_cache->folder, failed);
    from_cache.reset();
  }
  report.from_cache = report.reused = 0;
  web.forget();
  remove_release();
}

/// With what was fetched of it; what lay there before stays.
void AcquireState::remove_release() {
  reuse.stop();
  if (!release) return;
  const bool ours = session.info(*release).has_value() && !was_there;
  session.remove(*release, ours ? dht::Files::kDelete : dht::Files::kKeep);
  release.reset();
}

void AcquireState::fail_release(const Error& why) {
  doomed = why;
  if (settled(clock.now())) give_up_release(why);
}

void AcquireState::give_up_release(const Error& why) {
  doomed = why;
  if (speaks_against_pointer(why.code) && choice.refuse_best()) return begin_release();
  const Error last = *doomed;
  doomed.reset();
  fail(last);
}

void AcquireState::metadata_received() {
  const auto info = session.info(*release);
  if (!info || stage != Stage::kProviders || doomed) return;
  if (auto good = check_has_manifest(*info); !good) return fail_release(good.error());
  std::error_code failed;
  was_there = std::filesystem::exists(options.folder + "/" + info->name, failed);
  enter(Stage::kManifest);
  std::vector<std::string> first = newer_root_files(*info);
  first.emplace_back(kManifestFile);
  if (auto wanted = want(first); !wanted) fail(wanted.error());
}

Error AcquireState::other_version(std::uint64_t in_manifest) const {
  return {ErrorCode::kMalformed,
          "the pointer says version " + std::to_string(choice.best()->release_version) +
              ", its manifest " + std::to_string(in_manifest)};
}

Result<VerifiedManifest> AcquireState::check_manifest(const dht::TorrentInfo& info) {
  // Whatever the manifest says: nothing under this root is booted, so nothing more is fetched.
  if (auto enough = check_root_counter(); !enough) return enough.error();
  const auto envelope = read_bytes(options.folder + "/" + info.name + "/" + kManifestFile,
                                        kMaxEnvelopeBytes);
  if (!envelope) return {ErrorCode::kStore, "manifest.dsse cannot be read back"};
  if (sha256(*envelope) != choice.best()->manifest_sha256) {
    return {ErrorCode::kAltered, "manifest.dsse is not the one that the pointer names"};
  }
  auto verified = verify_manifest(*envelope, options.policy, expectation());
  if (!verified) {
    // An old release under a new pointer is none, before it is one that has expired.
    const bool may_be_old = verified.error().code == ErrorCode::kExpired ||
                            verified.error().code == ErrorCode::kRollback;
    const auto named = may_be_old ? named_version(*envelope) : std::nullopt;
    if (named && *named != choice.best()->release_version) return other_version(*named);
    return verified.error().in("manifest");
  }
  if (verified->manifest.release_version != choice.best()->release_version) {
    return other_version(verified->manifest.release_version);
  }
  if (auto same = check_torrent(info, *verified); !same) return same.error();
  say("manifest: version " + std::to_string(verified->manifest.release_version) + " signed by " +
      verified->signed_by);
  if (options.admit) {
    if (auto fits = options.admit(*verified); !fits) return fits.error();
  }
  return verified;
}

Result<void> AcquireState::want(const std::vector<std::string>& paths,
                                const std::vector<std::uint32_t>& spared) {
  web.want(paths);
  return session.want(*release, paths, spared);
}

Result<void> AcquireState::want_all(const dht::TorrentInfo& info,
                                    const std::vector<std::uint32_t>& spared) {
  std::vector<std::string> all;
  for (const dht::TorrentFile& file : info.files) all.push_back(file.path);
  return want(all, spared);
}

void AcquireState::manifest_received() {
  const auto info = session.info(*release);
  check(info.has_value(), "a completed file without metadata");
  const auto began_with = release;
  read_root_files(*info);
  // A newer root may have called for another release.
  if (ended() || release != began_with || stage != Stage::kManifest) return;
  auto checked = check_manifest(*info);
  if (!checked) return fail_release(checked.error());
  highest_valid = std::max(highest_valid, checked->manifest.release_version);
  manifest = std::move(*checked);
  enter(Stage::kArtifacts);
  if (auto wanted = want_all(*info, plan_reuse_of_older()); !wanted) return fail(wanted.error());
  reuse.start();
  if (!options.check_artifacts) return;
  arrivals.emplace(options.folder + "/" + info->name, *info, manifest->manifest,
                   [this] { session.wake(); });
}

void AcquireState::all_received() {
  reuse.tick(clock.now());
  reuse.stop();
  freeze_accounts();
  enter(Stage::kVerify);
  if (arrivals) arrivals->arrived(session.pieces(*release));
}

/// Done where all is checked, and no better pointer is waited for any more.
void AcquireState::verify_tick(MonoTime at) {
  if (!settled(at)) return;
  if (!arrivals) return done();
  const auto result = arrivals->poll();
  if (!result) return;
  arrivals.reset();
  if (!*result) return fail(result->error());
  done();
}

void AcquireState::done() {
  if (from_cache) {
    acquired = std::exchange(from_cache, std::nullopt);
    acquired->roots = roots.documents();
    // More of its items may have come since, and newer ones than were stored.
    if (choice.best() && choice.best()->manifest_sha256 == acquired->manifest.envelope_sha256) {
      acquired->pointer = choice.items();
    }
  } else {
    auto torrent = session.torrent_file(*release);
    if (!torrent) return fail(torrent.error());
    Acquired all;
    all.manifest = *manifest;
    all.pointer = choice.items();
    all.roots = roots.documents();
    all.release = *release;
    all.folder = options.folder + "/" + session.info(*release)->name;
    all.torrent = std::move(*torrent);
    report.path = pointer_from;
    acquired = std::move(all);
  }
  enter(Stage::kDone);
  stop_lookups();
  relays.stop();
  web.stop();
}

}  // namespace phase::boot
