// What a disk already holds: the release that the pointer names, the newest one where nobody names
// any, and pieces of older releases that did not change.
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>

#include "boot/acquire_state.h"
#include "proto/names.h"

namespace phase::boot {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxOlderFiles = 1024;
/// Releases of which the cache's .torrent is read; files of the others are found whole.
constexpr std::size_t kMaxCachedTorrents = 3;
constexpr std::size_t kMaxBeside = 256;
constexpr std::size_t kMaxBesideRead = 2;

std::vector<OlderFile> cached_files(const Cache& cache, const std::string& channel,
                                    const std::string& arch) {
  std::vector<OlderFile> out;
  std::size_t torrents = 0;
  for (const CachedRelease& older : cache.list()) {
    const bool same = older.manifest.channel == channel && older.manifest.arch == arch;
    Result<dht::PieceSums> sums(ErrorCode::kNotFound, "not asked for");
    if (same && torrents < kMaxCachedTorrents) {
      const auto torrent = cache.torrent(older.manifest_sha256);
      if (torrent) sums = dht::read_piece_sums(*torrent);
      if (sums) ++torrents;
    }
    for (const Artifact& artifact : older.manifest.artifacts) {
      // Without a path it is none that another file of that name may come from.
      OlderFile file{cache.path_of(artifact), same ? artifact.name : std::string(), artifact.size,
                     artifact.pieces_root, 0, {}};
      if (sums) {
        const auto of = std::find_if(sums->files.begin(), sums->files.end(), [&](const auto& one) {
          return one.path == artifact.name && one.pieces_root == artifact.pieces_root;
        });
        if (of != sums->files.end()) {
          file.piece_length = sums->piece_length;
          file.sums = of->sums;
        }
      }
      out.push_back(std::move(file));
    }
  }
  return out;
}

}  // namespace

void AcquireState::open_cache() {
  if (options.cache == nullptr) return;
  verify_cached();
  offer_roots(options.cache->roots(), "cache");
  if (cached->whole().empty()) {
    say("cache: no release that may be booted");
  } else {
    say("cache: version " +
        std::to_string(cached->whole().front().manifest.release_version) + " is there");
  }
}

void AcquireState::verify_cached() {
  if (options.cache != nullptr) cached.emplace(options.cache, options.policy, expectation());
}

bool AcquireState::take_from_cache(const VerifiedManifest& release_in, const std::string& why) {
  const VerifiedManifest chosen = release_in;  // copy() drops it where it is damaged
  if (auto enough = check_root_counter(); !enough) {
    refuse("the cache's version " + std::to_string(chosen.manifest.release_version) + ": " +
           enough.error().detail);
    return false;
  }
  if (options.admit) {
    if (auto fits = options.admit(chosen); !fits) {
      refuse("the cache's " + fits.error().detail);
      return false;
    }
  }
  auto folder = cached->copy(chosen, options.folder);
  if (!folder) {
    refuse(folder.error().detail);
    return false;
  }
  say("cache: version " + std::to_string(chosen.manifest.release_version) + " of " +
      options.channel + "/" + options.arch + " signed by " + chosen.signed_by +
      (why.empty() ? "" : " (" + why + ")"));
  Acquired all;
  all.manifest = chosen;
  for (const PublicKey& key :
       options.policy.root.pointer_keys(options.channel, options.arch)) {
    if (all.pointer.empty()) all.pointer = cached->pointer(chosen.envelope_sha256, key);
  }
  all.folder = std::move(*folder);
  all.torrent = cached->torrent(chosen.envelope_sha256);
  report.from_cache = chosen.manifest.total_bytes();
  options.cache->touch(chosen.envelope_sha256, clock.wall());
  from_cache = std::move(all);
  return true;
}

bool AcquireState::take_named_from_cache() {
  if (!cached) return false;
  const auto named = cached->find(choice.best()->manifest_sha256);
  if (!named) return false;
  std::error_code failed;
  was_there = std::filesystem::exists(
      options.folder + "/" + release_name(options.channel, options.arch,
                                          named->manifest.release_version, named->envelope_sha256),
      failed);
  if (!take_from_cache(*named, "")) return false;
  report.path = pointer_from + ", bytes from the cache";
  // A better pointer may still come.
  enter(Stage::kVerify);
  return true;
}

bool AcquireState::take_best_from_cache(const std::string& why) {
  if (!cached) return false;
  const std::uint64_t seen =
      std::max(choice.best() ? choice.best()->release_version : 0, highest_valid);
  while (!cached->whole().empty()) {
    const VerifiedManifest best = cached->whole().front();
    // A newer one exists, and somebody may keep it from us.
    if (best.manifest.release_version < seen) return false;
    // It was named, and could not be taken then. What the session has of it lies in the same folder.
    if (release && choice.best() &&
        best.envelope_sha256 == choice.best()->manifest_sha256) {
      return false;
    }
    if (!take_from_cache(best, why)) {
      // Refused for its size, it is still the newest: an older one is no answer to that.
      if (cached->find(best.envelope_sha256)) return false;
      continue;
    }
    report.path = "cache: " + why;
    enter(Stage::kVerify);
    stop_lookups();
    freeze_accounts();
    remove_release();
    done();
    return true;
  }
  return false;
}

// Parts of older releases.

std::vector<OlderFile> AcquireState::older_on_disk() const {
  std::vector<OlderFile> out;
  const auto take = [&](std::vector<OlderFile> files) {
    if (out.size() < kMaxOlderFiles) std::move(files.begin(), files.end(), std::back_inserter(out));
  };
  for (const OlderRelease& older : options.older) take(older_files(older));
  if (options.cache != nullptr) take(cached_files(*options.cache, options.channel, options.arch));
  for (const OlderRelease& beside : releases_beside()) take(older_files(beside));
  return out;
}

/// What `folder` holds of other versions: `plasmd fetch` leaves each in a folder of its own.
std::vector<OlderRelease> AcquireState::releases_beside() const {
  const std::string prefix = "phase-" + options.channel + "-" + options.arch + "-";
  const std::string own = session.info(*release)->name;
  std::vector<std::string> names;
  std::error_code failed;
  for (fs::directory_iterator at(options.folder, failed), end;
       !failed && at != end && names.size() < kMaxBeside; at.increment(failed)) {
    const std::string name = at->path().filename().string();
    if (name.starts_with(prefix) && name != own) names.push_back(name);
  }
  // The highest number of digits first, so that the newest is.
  std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    return std::pair(a.size(), a) > std::pair(b.size(), b);
  });
  if (names.size() > kMaxBesideRead) names.resize(kMaxBesideRead);
  std::vector<OlderRelease> out;
  for (const std::string& name : names) out.push_back({options.folder + "/" + name, {}});
  return out;
}

std::vector<std::uint32_t> AcquireState::plan_reuse_of_older() {
  auto pieces = reuse.plan(*release, older_on_disk());
  poll_reuse(clock.now());
  if (!pieces.empty()) {
    say("older releases: " + std::to_string(reuse.planned()) + " of " +
        std::to_string(manifest->manifest.total_bytes()) + " bytes may lie there");
  }
  return pieces;
}

void AcquireState::poll_reuse(MonoTime now) {
  if (!release) return;
  reuse.tick(now);
  if (std::exchange(reuse_changes, reuse.changes()) != reuse.changes()) web.leave(reuse.expected());
}

}  // namespace phase::boot
