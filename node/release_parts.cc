#include "node/release_parts.h"

#include <algorithm>

#include "proto/envelope.h"
#include "proto/names.h"

namespace phase::node {
namespace {

Result<void> check_items(const std::vector<SignedItem>& items, const PublicKey& key) {
  if (items.empty()) return {ErrorCode::kMalformed, "pointer: holds no item"};
  for (const auto& item : items) {
    if (item.key != key)
      return {ErrorCode::kWrongKey,
              "pointer: of key " + item.key.id() + ", expected key " + key.id()};
    if (auto good = verify_item(item); !good) return good.error().in("pointer");
  }
  return {};
}

Result<void> check_size(const std::string& path, std::uint64_t found, std::uint64_t expected) {
  if (found == expected) return {};
  return {found > expected ? ErrorCode::kLargerThanSigned : ErrorCode::kSmallerThanSigned,
          path + " has " + std::to_string(found) + " bytes, " + std::to_string(expected) +
              " are signed; fetch or publish it again"};
}

/// Every artifact that is signed is in the torrent, as signed.
Result<void> check_torrent(const dht::TorrentInfo& info, const Manifest& manifest) {
  for (const auto& artifact : manifest.artifacts) {
    const auto file = std::find_if(info.files.begin(), info.files.end(),
                                   [&](const auto& f) { return f.path == artifact.name; });
    if (file == info.files.end())
      return {ErrorCode::kAltered, "torrent: has no file " + artifact.name};
    if (file->size != artifact.size || file->pieces_root != artifact.pieces_root)
      return {ErrorCode::kAltered, "torrent: " + artifact.name + " is not the signed one"};
  }
  return {};
}

Result<void> check_files(const Files& files, const std::string& folder,
                         const dht::TorrentInfo& info) {
  for (const auto& file : info.files) {
    if (!valid_artifact_name(file.path))
      return {ErrorCode::kMalformed, "torrent: a file name that no release has"};
    const auto path = folder + "/" + file.path;
    const auto there = files.info(path);
    if (!there) return there.error();
    if (there->folder) return {ErrorCode::kMalformed, path + " is a folder"};
    if (auto good = check_size(path, there->size, file.size); !good) return good;
  }
  return {};
}

Result<Manifest> manifest_of(ByteView envelope) {
  auto view = decode_envelope(envelope);
  if (!view) return view.error().in(kManifestFile);
  if (view->payload_type != kManifestType)
    return {ErrorCode::kMalformed, std::string(kManifestFile) + ": is no manifest"};
  auto manifest = decode_manifest(view->payload);
  if (!manifest) return manifest.error().in(kManifestFile);
  return manifest;
}

std::string parent_of(const std::string& path) { return path.substr(0, path.find_last_of('/')); }

}  // namespace

Result<Pointer> agreed_pointer(const std::vector<SignedItem>& items, const std::string& channel,
                               const std::string& arch) {
  if (items.empty() || items.size() > static_cast<std::size_t>(kPointerSalts))
    return {ErrorCode::kMalformed, "pointer: wrong number of items"};
  for (std::size_t i = 0; i < items.size(); ++i) {
    bool known = false;
    for (int index = 0; index < kPointerSalts; ++index)
      known = known || items[i].salt == pointer_salt(channel, arch, index);
    if (!known)
      return {ErrorCode::kMalformed, "pointer: is none of channel " + channel + " on " + arch};
    if (items[i].value != items[0].value || items[i].seq != items[0].seq)
      return {ErrorCode::kMalformed, "pointer: its items differ from each other"};
    for (std::size_t j = 0; j < i; ++j)
      if (items[j].salt == items[i].salt)
        return {ErrorCode::kMalformed, "pointer: the same item twice"};
  }
  auto pointer = decode_pointer(items[0].value);
  if (!pointer) return pointer.error().in("pointer");
  return pointer;
}

Result<StoredRelease> read_release(const Files& files, const IncomingRelease& incoming) {
  if (auto good = check_items(incoming.pointer, incoming.publisher); !good) return good.error();

  auto envelope = files.read_file(incoming.folder + "/" + kManifestFile, kMaxEnvelopeBytes);
  if (!envelope) return envelope.error();
  auto manifest = manifest_of(*envelope);
  if (!manifest) return manifest.error();
  const auto pointer = agreed_pointer(incoming.pointer, manifest->channel, manifest->arch);
  if (!pointer) return pointer.error();

  const auto envelope_hash = sha256(*envelope);
  if (envelope_hash != pointer->manifest_sha256)
    return {ErrorCode::kAltered, incoming.folder + "/" + kManifestFile +
                                     ": is not the one that the pointer names"};
  if (manifest->release_version != pointer->release_version)
    return {ErrorCode::kAltered, "pointer: says release version " +
                                     std::to_string(pointer->release_version) +
                                     ", its manifest says " +
                                     std::to_string(manifest->release_version)};

  auto info = dht::read_torrent(incoming.torrent);
  if (!info) return info.error().in("torrent");
  const auto name = release_name(manifest->channel, manifest->arch, manifest->release_version,
                                 envelope_hash);
  if (info->infohashes.v1 != pointer->infohash_v1 || info->infohashes.v2 != pointer->infohash_v2)
    return {ErrorCode::kAltered, "torrent: is not the one that the pointer names"};
  if (info->name != name)
    return {ErrorCode::kAltered, "torrent: is named " + info->name + ", expected " + name};
  if (auto good = check_torrent(*info, *manifest); !good) return good.error();
  if (auto good = check_files(files, incoming.folder, *info); !good) return good.error();

  StoredRelease release;
  release.publisher = incoming.publisher;
  release.channel = manifest->channel;
  release.arch = manifest->arch;
  release.name = name;
  release.folder = incoming.folder;
  release.parent = parent_of(incoming.folder);
  release.envelope = std::move(*envelope);
  release.manifest = std::move(*manifest);
  release.manifest_sha256 = envelope_hash;
  release.torrent = incoming.torrent;
  release.info = std::move(*info);
  release.pointer = incoming.pointer;
  return release;
}

}  // namespace phase::node
