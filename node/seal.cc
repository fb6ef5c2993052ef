#include "node/seal.h"

#include <algorithm>
#include <limits>

#include "proto/checksums.h"
#include "proto/envelope.h"
#include "proto/names.h"

namespace phase::node {
namespace {

/// What `minisign -V` shows and a person checks: time and file, as minisign itself writes them, then
/// what the release is for. No value holds a tab.
std::string trusted_comment(const Manifest& manifest, const Sha256& hash, WallTime now) {
  return "timestamp:" + std::to_string(now.seconds) + "\tfile:" + kChecksumsFile +
         "\tchannel:" + manifest.channel + "\tarch:" + manifest.arch +
         "\tversion:" + std::to_string(manifest.release_version) + "\trelease:" +
         release_name(manifest.channel, manifest.arch, manifest.release_version, hash);
}

/// Writes manifest.dsse, SHA256SUMS and its signature, and the roots; the manifest's hash.
Result<Sha256> write_documents(Files& files, const std::string& staging,
                               const SealRequest& request, WallTime now) {
  if (auto done = files.write_file(staging + "/" + kManifestFile, request.envelope); !done)
    return done.error();
  const auto hash = sha256(request.envelope);
  const auto sums = checksums(request.manifest, hash);
  if (auto done = files.write_file(staging + "/" + kChecksumsFile, as_bytes(sums)); !done)
    return done.error();
  const auto minisig = minisign_signature(sums, *request.checksums_key,
                                          trusted_comment(request.manifest, hash, now));
  if (auto done = files.write_file(staging + "/" + kMinisigFile, as_bytes(minisig)); !done)
    return done.error();
  if (request.root_files.empty()) return hash;
  if (auto done = files.make_folder(staging + "/trust"); !done) return done.error();
  for (const auto& [name, document] : request.root_files)
    if (auto done = files.write_file(staging + "/" + name, document); !done) return done.error();
  return hash;
}

std::vector<SignedItem> make_pointer(const SealRequest& request, const dht::Infohashes& infohashes,
                                     const Sha256& manifest_hash, WallTime now) {
  const auto& manifest = request.manifest;
  const auto value = encode_pointer({.infohash_v1 = infohashes.v1,
                                     .infohash_v2 = infohashes.v2,
                                     .manifest_sha256 = manifest_hash,
                                     .release_version = manifest.release_version,
                                     .expires = manifest.expires.seconds,
                                     .providers = request.providers});
  // BEP 44 keeps the higher seq: publishing time, but never one that was used.
  const auto seq = request.floor ? std::max(now.seconds, request.floor->seq + 1) : now.seconds;
  std::vector<SignedItem> items;
  for (int index = 0; index < kPointerSalts; ++index)
    items.push_back(sign_item(*request.pointer_key,
                              pointer_salt(manifest.channel, manifest.arch, index), seq, value));
  return items;
}

Result<void> make_release(Store& store, const Clock& clock, const std::string& staging,
                          const SealRequest& request) {
  const auto now = clock.wall();
  const auto& manifest = request.manifest;
  const auto hash = write_documents(store.files(), staging, request, now);
  if (!hash) return hash.error();

  std::vector<std::string> names{kManifestFile};
  for (const auto& artifact : manifest.artifacts) names.push_back(artifact.name);
  names.insert(names.end(), {kChecksumsFile, kMinisigFile});
  for (const auto& [name, document] : request.root_files) names.push_back(name);
  auto torrent = dht::make_torrent(
      release_name(manifest.channel, manifest.arch, manifest.release_version, *hash), staging,
      names);
  if (!torrent) return torrent.error().in("torrent");
  return store.install_locked(
      {.publisher = request.pointer_key->public_key(),
       .folder = staging,
       .torrent = torrent->torrent,
       .pointer = make_pointer(request, torrent->info.infohashes, *hash, now)});
}

}  // namespace

std::string draft_name(const std::string& channel, const std::string& arch) {
  return ".draft-" + channel + "-" + arch;
}

Result<std::string> open_staging(Store& store, const std::string& name) {
  const auto staging = store.incoming() + "/" + name;
  if (auto done = store.files().remove_tree(staging); !done) return done.error();
  if (auto done = store.files().make_folder(staging); !done) return done.error();
  return staging;
}

Result<StoredRelease> seal(Store& store, const Clock& clock, const std::string& staging,
                           const SealRequest& request) {
  if (auto done = make_release(store, clock, staging, request); !done) {
    // What is left of it is removed by the next publishing where it cannot be removed now.
    (void)store.files().remove_tree(staging);
    return done.error();
  }
  const auto* made = store.find(request.pointer_key->public_key(), request.manifest.channel,
                                request.manifest.arch);
  check(made != nullptr, "a sealed release is in the store");
  return *made;
}

Result<std::uint64_t> next_version(const std::optional<Floor>& floor,
                                   std::optional<std::uint64_t> given, std::uint64_t lowest) {
  // A pointer says it as a bencoded integer, which everybody reads as signed 64 bits.
  constexpr std::uint64_t kHighest = std::numeric_limits<std::int64_t>::max();
  const auto last = floor ? floor->release_version : 0;
  const auto seen = floor ? floor->seen : 0;
  if (!given && seen >= kHighest)
    return {ErrorCode::kUsage, "the last release has the highest version that there is; where a "
                               "stolen key signed it, say --release-version"};
  const auto version = given.value_or(std::max(seen + 1, lowest));
  if (version > kHighest)
    return {ErrorCode::kUsage, "release versions go up to " + std::to_string(kHighest)};
  if (version == 0) return {ErrorCode::kUsage, "release version 0 is not allowed; begin with 1"};
  if (version <= last)
    return {ErrorCode::kRollback, "release version " + std::to_string(version) +
                                      " is not above the last one, " + std::to_string(last) +
                                      "; leave out --release-version or give a higher one"};
  if (version < lowest)
    return {ErrorCode::kRollback, "release version " + std::to_string(version) +
                                      " is below " + std::to_string(lowest) +
                                      ", the lowest that the root accepts"};
  return version;
}

}  // namespace phase::node
