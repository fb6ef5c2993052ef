#include "boot/cache/contents.h"

#include <algorithm>
#include <map>

#include "boot/cache/copy.h"
#include "proto/envelope.h"

namespace phase::boot::cachefs {
namespace {

// vfat keeps even seconds, from 1980 on.
constexpr std::int64_t kStep = 2;
constexpr std::int64_t kEarliest = 347'155'200;  // 1981-01-01

struct Used {
  Sha256 hash{};
  std::int64_t when = 0;
};

std::int64_t last_used(const Layout& layout, const Sha256& hash) {
  const auto folder = layout.releases.enter(name_of(hash));
  if (!folder) return 0;
  const auto info = folder->info(kManifestName);
  return info ? info->changed : 0;
}

/// Of everything that has a release's name, used last first.
std::vector<Used> used(const Layout& layout) {
  std::vector<Used> out;
  for (const std::string& name : layout.releases.names()) {
    if (const auto hash = parse_name(name)) out.push_back({*hash, last_used(layout, *hash)});
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Used& a, const Used& b) { return a.when > b.when; });
  return out;
}

void set_used(const Layout& layout, const Sha256& hash, std::int64_t when) {
  if (const auto folder = layout.releases.enter(name_of(hash))) {
    folder->set_changed(kManifestName, when);
  }
}

}  // namespace

Result<Document> read_document(ByteView untrusted, const Sha256& expected) {
  if (sha256(untrusted) != expected) return {ErrorCode::kAltered, "the manifest is altered"};
  const auto view = decode_envelope(untrusted);
  if (!view) return view.error();
  if (view->payload_type != kManifestType) {
    return {ErrorCode::kMalformed, "envelope: holds " + view->payload_type + ", no manifest"};
  }
  auto manifest = decode_manifest(view->payload);
  if (!manifest) return manifest.error();
  Document document;
  document.line = manifest->channel + "/" + manifest->arch;
  std::set<std::string> signers;
  for (const SignatureEntry& entry : view->signatures) signers.insert(entry.key_id);
  for (const std::string& signer : signers) document.line += " " + signer;
  document.manifest = *std::move(manifest);
  return document;
}

Result<Stored> read_release(const Layout& layout, const Sha256& hash) {
  const auto folder = layout.releases.enter(name_of(hash));
  if (!folder) return folder.error();
  const auto bytes = folder->read(kManifestName, kMaxEnvelopeBytes);
  if (!bytes) return bytes.error();
  auto document = read_document(*bytes, hash);
  if (!document) return document.error().in(folder->path());
  Stored stored;
  stored.line = std::move(document->line);
  CachedRelease& release = stored.release;
  release.manifest_sha256 = hash;
  release.manifest = std::move(document->manifest);
  release.last_used = last_used(layout, hash);
  release.complete = true;
  for (const Artifact& artifact : release.manifest.artifacts) {
    if (has_blob(layout, artifact)) {
      release.bytes += artifact.size;
    } else {
      release.complete = false;
    }
  }
  return stored;
}

std::vector<Stored> read_releases(const Layout& layout) {
  std::vector<Stored> out;
  for (const Used& one : used(layout)) {
    if (out.size() == kMaxCachedReleases) break;
    if (auto release = read_release(layout, one.hash)) out.push_back(*std::move(release));
  }
  return out;
}

std::vector<std::string> altered_blobs(const Layout& layout,
                                       const std::vector<Stored>& releases) {
  std::map<std::string, const Artifact*> needed;
  for (const Stored& stored : releases) {
    for (const Artifact& artifact : stored.release.manifest.artifacts) {
      needed[name_of(artifact.sha256)] = &artifact;
    }
  }
  std::vector<std::string> out;
  for (const auto& [name, artifact] : needed) {
    const auto file = layout.blobs.open_file(name);
    if (!file && file.error().code == ErrorCode::kNotFound) continue;
    if (!file || file->size != artifact->size ||
        check_hash(file->fd.get(), file->size, artifact->sha256) != CopyEnd::kDone) {
      out.push_back(name);
    }
  }
  return out;
}

bool has_blob(const Layout& layout, const Artifact& artifact) {
  const auto info = layout.blobs.info(name_of(artifact.sha256));
  return info && info->regular && info->size == artifact.size;
}

std::set<std::string> blobs_of(const Manifest& manifest) {
  std::set<std::string> out;
  for (const Artifact& artifact : manifest.artifacts) out.insert(name_of(artifact.sha256));
  return out;
}

std::set<std::string> blobs_of(const std::vector<Stored>& releases) {
  std::set<std::string> out;
  for (const Stored& stored : releases) out.merge(blobs_of(stored.release.manifest));
  return out;
}

void stamp(const Layout& layout, const Sha256& hash, WallTime now) {
  auto others = used(layout);
  std::erase_if(others, [&](const Used& one) { return one.hash == hash; });
  // A disk may say anything; far beyond every date there is nothing to add to.
  const std::int64_t newest =
      others.empty() ? 0 : std::clamp<std::int64_t>(others.front().when, 0, INT64_MAX / 2);
  set_used(layout, hash, std::max({now.seconds, newest + kStep, kEarliest}));
  if (others.empty() || last_used(layout, hash) > others.front().when) return;
  // Nothing can be said to be later, by this file system or by any: all are counted anew from the beginning.
  std::int64_t when = kEarliest;
  for (auto one = others.rbegin(); one != others.rend(); ++one, when += kStep) {
    set_used(layout, one->hash, when);
  }
  set_used(layout, hash, std::max(when, std::min<std::int64_t>(now.seconds, INT32_MAX)));
}

}  // namespace phase::boot::cachefs
