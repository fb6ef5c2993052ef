#include "boot/cached_release.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "boot/release_check.h"
#include "proto/names.h"

namespace phase::boot {
namespace {

namespace fs = std::filesystem;

Result<void> write_file(const std::string& path, ByteView bytes) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "wbe"),
                                                             &std::fclose);
  if (!file || std::fwrite(bytes.data(), 1, bytes.size(), file.get()) != bytes.size() ||
      std::fflush(file.get()) != 0) {
    return {ErrorCode::kStore, path + " cannot be written"};
  }
  return {};
}

/// The folder that `name` (checked: no way out) lies in.
Result<void> make_folder_for(const std::string& path) {
  std::error_code failed;
  fs::create_directories(fs::path(path).parent_path(), failed);
  if (failed) return {ErrorCode::kStore, path + ": " + failed.message()};
  return {};
}

Result<void> copy_one(const Cache& cache, const Artifact& artifact, const std::string& folder) {
  const std::string to = folder + "/" + artifact.name;
  if (auto made = make_folder_for(to); !made) return made;
  return cache.copy_artifact(artifact, to);
}

}  // namespace

CachedReleases::CachedReleases(Cache* cache, const TrustPolicy& policy,
                               const Expectation& expected)
    : cache_(cache) {
  if (cache_ == nullptr) return;
  for (const CachedRelease& stored : cache_->list()) {
    if (!stored.complete) continue;
    const auto envelope = cache_->manifest(stored.manifest_sha256);
    if (!envelope) continue;
    // Of another publisher, channel or time: nothing that anybody here has to hear of.
    auto verified = verify_manifest(*envelope, policy, expected);
    if (verified) whole_.push_back(std::move(*verified));
  }
  std::stable_sort(whole_.begin(), whole_.end(),
                   [](const VerifiedManifest& a, const VerifiedManifest& b) {
                     return a.manifest.release_version > b.manifest.release_version;
                   });
}

std::optional<VerifiedManifest> CachedReleases::find(const Sha256& manifest_sha256) const {
  const auto found = std::find_if(whole_.begin(), whole_.end(), [&](const VerifiedManifest& one) {
    return one.envelope_sha256 == manifest_sha256;
  });
  return found == whole_.end() ? std::nullopt : std::optional(*found);
}

Result<void> CachedReleases::copy_into(const VerifiedManifest& release,
                                       const std::string& folder) const {
  auto envelope = cache_->manifest(release.envelope_sha256);
  if (!envelope) return envelope.error().in("cache");
  const std::string path = folder + "/" + kManifestFile;
  if (auto made = make_folder_for(path); !made) return made;
  if (auto written = write_file(path, *envelope); !written) return written;
  for (const Artifact& artifact : release.manifest.artifacts) {
    if (auto copied = copy_one(*cache_, artifact, folder); !copied) return copied;
  }
  return {};
}

Result<std::string> CachedReleases::copy(const VerifiedManifest& release,
                                         const std::string& parent) {
  const Manifest& manifest = release.manifest;
  std::string folder = parent + "/" + release_name(manifest.channel, manifest.arch,
                                                   manifest.release_version,
                                                   release.envelope_sha256);
  auto copied = copy_into(release, folder);
  if (copied) return folder;
  const Sha256 gone = release.envelope_sha256;
  std::erase_if(whole_, [&](const VerifiedManifest& one) { return one.envelope_sha256 == gone; });
  return copied.error();
}

Bytes CachedReleases::torrent(const Sha256& manifest_sha256) const {
  if (cache_ == nullptr) return {};
  auto torrent = cache_->torrent(manifest_sha256);
  return torrent ? std::move(*torrent) : Bytes{};
}

std::vector<SignedItem> CachedReleases::pointer(const Sha256& manifest_sha256,
                                                const PublicKey& key) const {
  if (cache_ == nullptr) return {};
  auto items = cache_->pointer(manifest_sha256, key);
  return items ? std::move(*items) : std::vector<SignedItem>{};
}

}  // namespace phase::boot
