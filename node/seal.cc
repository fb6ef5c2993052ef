#include "node/seal.h"

#include <algorithm>
#include <limits>

#include "proto/checksums.h"
#include "proto/envelope.h"
#include "proto/names.h"

namespace phase::node {
namespace {

/// Writes manifest.dsse, SHA256SUMS and its signature; the manifest's hash.
Result<Sha256> write_documents(Files& files, const std::string& staging,
                               const SealRequest& request, WallTime now) {
  const auto payload = encode_manifest(request.manifest);
  if (!payload) return payload.error();
  const auto envelope = sign_envelope(kManifestType, *payload, request.keys);
  if (auto done = files.write_file(staging + "/" + kManifestFile, envelope); !done)
    return done.error();
  const auto hash = sha256(envelope);
  const auto sums = checksums(request.manifest, hash);
  if (auto done = files.write_file(staging + "/" + kChecksumsFile, as_bytes(sums)); !done)
    return done.error();
  const auto& manifest = request.manifest;
  const auto comment = "timestamp:" + std::to_string(now.seconds) + "\tfile:" + kChecksumsFile +
                       "\t" + release_name(manifest.channel, manifest.arch,
                                           manifest.release_version, hash);
  const auto minisig = minisign_signature(sums, *request.keys.front(), comment);
  if (auto done = files.write_file(staging + "/" + kMinisigFile, as_bytes(minisig)); !done)
    return done.error();
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
    items.push_back(sign_item(*request.keys.front(),
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
  auto torrent = dht::make_torrent(
      release_name(manifest.channel, manifest.arch, manifest.release_version, *hash), staging,
      names);
  if (!torrent) return torrent.error().in("torrent");
  return store.install_locked(
      {.publisher = request.keys.front()->public_key(),
       .folder = staging,
       .torrent = torrent->torrent,
       .pointer = make_pointer(request, torrent->info.infohashes, *hash, now)});
}

}  // namespace

Result<std::string> open_staging(Store& store) {
  const auto staging = store.incoming() + "/.publish";
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
  const auto* made = store.find(request.keys.front()->public_key(), request.manifest.channel,
                                request.manifest.arch);
  check(made != nullptr, "a sealed release is in the store");
  return *made;
}

Result<std::uint64_t> next_version(const std::optional<Floor>& floor,
                                   std::optional<std::uint64_t> given) {
  // A pointer says it as a bencoded integer, which everybody reads as signed 64 bits.
  constexpr std::uint64_t kHighest = std::numeric_limits<std::int64_t>::max();
  const auto last = floor ? floor->release_version : 0;
  if (!given && last >= kHighest)
    return {ErrorCode::kUsage, "the last release has the highest version that there is"};
  const auto version = given.value_or(last + 1);
  if (version > kHighest)
    return {ErrorCode::kUsage, "release versions go up to " + std::to_string(kHighest)};
  if (version == 0) return {ErrorCode::kUsage, "release version 0 is not allowed; begin with 1"};
  if (version <= last)
    return {ErrorCode::kRollback, "release version " + std::to_string(version) +
                                      " is not above the last one, " + std::to_string(last) +
                                      "; leave out --release-version or give a higher one"};
  return version;
}

}  // namespace phase::node
