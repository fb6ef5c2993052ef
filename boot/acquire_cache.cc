// What a disk already holds: the release that the pointer names, the newest one where nobody names
// any, and files of older releases that did not change.
#include <algorithm>
#include <filesystem>

#include "boot/acquire_state.h"
#include "proto/names.h"

namespace phase::boot {

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

Result<void> AcquireState::reuse_parts(const dht::TorrentInfo& info) {
  if (!cached) return {};
  std::vector<std::string> refused;
  const std::string folder = options.folder + "/" + info.name;
  // What lies there already was fetched before, and is looked at again by the session.
  if (was_there) return {};
  const std::uint64_t bytes = cached->copy_parts(manifest->manifest, folder, refused);
  for (std::string& line : refused) refuse(std::move(line));
  if (bytes == 0) return {};
  report.from_cache = bytes;
  say("cache: " + std::to_string(bytes) + " of " +
      std::to_string(manifest->manifest.total_bytes()) + " bytes need not come");
  // The session looks at what lies on disk at the start of a fetch only.
  auto torrent = session.torrent_file(*release);
  if (!torrent) return {};
  session.remove(*release);
  auto again = session.fetch(infohashes, options.folder, *torrent);
  if (!again) return again.error();
  release = *again;
  connect_met_peers();
  web.moved(*release);
  return {};
}

}  // namespace phase::boot
