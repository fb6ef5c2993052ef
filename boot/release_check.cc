#include "boot/release_check.h"

#include <algorithm>

namespace phase::boot {
namespace {

const dht::TorrentFile* find_file(const dht::TorrentInfo& info, const std::string& path) {
  const auto it = std::find_if(info.files.begin(), info.files.end(),
                               [&](const dht::TorrentFile& file) { return file.path == path; });
  return it == info.files.end() ? nullptr : &*it;
}

bool known_side_file(const std::string& path) {
  return path == kManifestFile || path == "SHA256SUMS" || path == "SHA256SUMS.minisig" ||
         path.starts_with("trust/");
}

Error size_error(const std::string& name, std::uint64_t has, std::uint64_t is_signed) {
  const bool larger = has > is_signed;
  return {larger ? ErrorCode::kLargerThanSigned : ErrorCode::kSmallerThanSigned,
          name + " has " + std::to_string(has) + " bytes, signed are " + std::to_string(is_signed)};
}

}  // namespace

Result<void> check_has_manifest(const dht::TorrentInfo& untrusted) {
  const dht::TorrentFile* file = find_file(untrusted, kManifestFile);
  if (file == nullptr) {
    return {ErrorCode::kUnsigned, "torrent " + untrusted.name + " holds no manifest.dsse"};
  }
  if (file->size == 0 || file->size > kMaxEnvelopeBytes) {
    return {ErrorCode::kMalformed, "manifest.dsse of " + std::to_string(file->size) +
                                       " bytes; 1 to " + std::to_string(kMaxEnvelopeBytes) +
                                       " are accepted"};
  }
  return {};
}

Result<void> check_torrent(const dht::TorrentInfo& untrusted, const VerifiedManifest& verified) {
  const Manifest& manifest = verified.manifest;
  const std::string name = release_name(manifest.channel, manifest.arch, manifest.release_version,
                                        verified.envelope_sha256);
  if (untrusted.name != name) {
    return {ErrorCode::kMalformed, "torrent is named " + untrusted.name + ", not " + name};
  }
  for (const Artifact& artifact : manifest.artifacts) {
    const dht::TorrentFile* file = find_file(untrusted, artifact.name);
    if (file == nullptr) {
      return {ErrorCode::kMalformed, "torrent lacks the signed file " + artifact.name};
    }
    if (file->size != artifact.size) return size_error(artifact.name, file->size, artifact.size);
    if (file->pieces_root != artifact.pieces_root) {
      return {ErrorCode::kAltered, artifact.name + " has another BEP 52 root than was signed"};
    }
  }
  for (const dht::TorrentFile& file : untrusted.files) {
    const bool is_signed = std::any_of(manifest.artifacts.begin(), manifest.artifacts.end(),
                                       [&](const Artifact& a) { return a.name == file.path; });
    if (is_signed) continue;
    if (!known_side_file(file.path)) {
      return {ErrorCode::kMalformed, "torrent holds " + file.path + ", which nobody signed"};
    }
    if (file.size > kMaxSideFileBytes) return size_error(file.path, file.size, kMaxSideFileBytes);
  }
  return {};
}

}  // namespace phase::boot
