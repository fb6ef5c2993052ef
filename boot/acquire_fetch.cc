// From the pointer to the last byte.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <utility>

#include "boot/acquire_state.h"
#include "boot/release_check.h"
#include "proto/envelope.h"

namespace phase::boot {
namespace {

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

void AcquireState::begin_release() {
  const Pointer& pointer = *choice.best();
  drop_release();
  infohashes = {pointer.infohash_v1, pointer.infohash_v2};
  if (take_named_from_cache()) return;
  auto started = session.fetch(infohashes, options.folder);
  if (!started) return fail(started.error());
  release = *started;
  enter(Stage::kProviders);
  near_first->release(clock.now());
  meet_lan_holders();
  for (const ProviderHint& hint : pointer.providers) {
    meet_peer(hint.peer, {.given = true}, "pointer");
  }
  // Who has it is asked at once: somebody near may be among them.
  if (options.use_dht) provider_lookup = session.find_providers(infohashes);
  let_far_in(clock.now());
  relays.ask_torrents(far_in);
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
  relays.forget_torrents();
  if (provider_lookup) session.stop(*provider_lookup);
  provider_lookup.reset();
  if (from_cache) {
    std::error_code failed;
    if (!was_there) std::filesystem::remove_all(from_cache->folder, failed);
    from_cache.reset();
  }
  report.from_cache = 0;
  remove_release();
}

/// With what was fetched of it; what lay there before stays.
void AcquireState::remove_release() {
  if (!release) return;
  const bool ours = session.info(*release).has_value() && !was_there;
  session.remove(*release, ours ? dht::Files::kDelete : dht::Files::kKeep);
  release.reset();
}

void AcquireState::metadata_received() {
  const auto info = session.info(*release);
  if (!info || stage != Stage::kProviders || doomed) return;
  if (auto good = check_has_manifest(*info); !good) return fail_release(good.error());
  std::error_code failed;
  was_there = std::filesystem::exists(options.folder + "/" + info->name, failed);
  enter(Stage::kManifest);
  if (auto wanted = session.want(*release, {kManifestFile}); !wanted) fail(wanted.error());
}

Result<VerifiedManifest> AcquireState::check_manifest(const dht::TorrentInfo& info) {
  const auto envelope = read_small_file(options.folder + "/" + info.name + "/" + kManifestFile,
                                        kMaxEnvelopeBytes);
  if (!envelope) return {ErrorCode::kStore, "manifest.dsse cannot be read back"};
  if (sha256(*envelope) != choice.best()->manifest_sha256) {
    return {ErrorCode::kAltered, "manifest.dsse is not the one that the pointer names"};
  }
  auto verified = verify_manifest(
      *envelope, options.policy,
      {options.channel, options.arch, options.min_version, clock.wall()});
  if (!verified) return verified.error().in("manifest");
  if (verified->manifest.release_version != choice.best()->release_version) {
    return {ErrorCode::kMalformed,
            "the pointer says version " + std::to_string(choice.best()->release_version) +
                ", its manifest " + std::to_string(verified->manifest.release_version)};
  }
  if (auto same = check_torrent(info, *verified); !same) return same.error();
  say("manifest: version " + std::to_string(verified->manifest.release_version) + " signed by " +
      verified->signed_by);
  if (options.admit) {
    if (auto fits = options.admit(*verified); !fits) return fits.error();
  }
  return verified;
}

Result<void> AcquireState::want_all(const dht::TorrentInfo& info) {
  std::vector<std::string> all;
  for (const dht::TorrentFile& file : info.files) all.push_back(file.path);
  return session.want(*release, all);
}

void AcquireState::manifest_received() {
  const auto info = session.info(*release);
  check(info.has_value(), "a completed file without metadata");
  auto checked = check_manifest(*info);
  if (!checked) return fail_release(checked.error());
  manifest = std::move(*checked);
  enter(Stage::kArtifacts);
  if (auto reused = reuse_parts(*info); !reused) return fail(reused.error());
  if (auto wanted = want_all(*info); !wanted) return fail(wanted.error());
  if (!options.check_artifacts) return;
  arrivals.emplace(options.folder + "/" + info->name, *info, manifest->manifest,
                   [this] { session.wake(); });
}

void AcquireState::all_received() {
  freeze_accounts();
  enter(Stage::kVerify);
  if (arrivals) arrivals->arrived(session.pieces(*release));
}

/// Done where all is checked, and no better pointer is waited for any more.
void AcquireState::verify_tick(MonoTime now) {
  if (now < settled_at) return;
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
    all.release = *release;
    all.folder = options.folder + "/" + session.info(*release)->name;
    all.torrent = std::move(*torrent);
    report.path = pointer_from;
    acquired = std::move(all);
  }
  enter(Stage::kDone);
  stop_lookups();
  relays.stop();
}

}  // namespace phase::boot
