#include "boot/cache/source.h"

#include <map>

#include "proto/envelope.h"
#include "proto/root_chain.h"

namespace phase::boot::cachefs {

Result<Source> read_source(const CacheEntry& entry) {
  Source source;
  auto folder = Folder::open(entry.folder);
  if (!folder) return folder.error();
  source.folder = *std::move(folder);
  auto manifest = source.folder.read(kManifestName, kMaxEnvelopeBytes);
  if (!manifest) return manifest.error();
  source.manifest = *std::move(manifest);
  source.manifest_sha256 = sha256(source.manifest);
  auto document = read_document(source.manifest, source.manifest_sha256);
  if (!document) return document.error().in(entry.folder);
  source.document = *std::move(document);
  if (entry.torrent.size() > kMaxTorrentBytes) {
    return {ErrorCode::kUsage, "a .torrent file of more than 4 MiB is not stored"};
  }
  source.torrent = entry.torrent;
  if (!entry.pointer.empty()) source.pointer = encode_items(entry.pointer);
  if (!entry.roots.empty()) source.roots = encode_root_chain(entry.roots);
  if (source.roots.size() > kMaxRootsFileBytes) source.roots.clear();
  return source;
}

std::string Source::label() const {
  const Manifest& manifest_of = document.manifest;
  return manifest_of.channel + "/" + manifest_of.arch + " " +
         std::to_string(manifest_of.release_version);
}

std::uint64_t Source::small_bytes() const {
  return manifest.size() + torrent.size() + pointer.size() + roots.size();
}

std::uint64_t Source::whole_bytes() const {
  std::map<Sha256, std::uint64_t> sizes;
  for (const Artifact& artifact : document.manifest.artifacts) {
    sizes[artifact.sha256] = artifact.size;
  }
  std::uint64_t sum = small_bytes();
  for (const auto& [hash, size] : sizes) sum += size;
  return sum;
}

Result<OpenFile> Source::open(const std::string& name) const {
  const Folder* at = &folder;
  Folder inner;
  std::string rest = name;
  for (auto slash = rest.find('/'); slash != std::string::npos; slash = rest.find('/')) {
    auto next = at->enter(rest.substr(0, slash));
    if (!next) return next.error();
    inner = *std::move(next);
    at = &inner;
    rest.erase(0, slash + 1);
  }
  return at->open_file(rest);
}

}  // namespace phase::boot::cachefs
