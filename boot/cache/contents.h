// boot/cache/contents.h
// What a cache holds, read from an untrusted disk. For boot/cache/*.cc only.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "boot/cache/layout.h"

namespace phase::boot::cachefs {

/// Releases of one line replace each other: same channel, architecture and named signers. Publishers
/// who share a cache would end each other's floors otherwise.
struct Document {
  Manifest manifest;
  std::string line;
};
/// `untrusted` is a manifest.dsse with this hash and well-formed; no signature is verified.
/// kAltered (another hash), kMalformed.
[[nodiscard]] Result<Document> read_document(ByteView untrusted, const Sha256& expected);

struct Stored {
  CachedRelease release;
  std::string line;
};
/// Of releases/<name>. kNotFound, kAltered, kMalformed, kStore.
[[nodiscard]] Result<Stored> read_release(const Layout& layout, const Sha256& hash);
/// Those that are not damaged, used last first, at most kMaxCachedReleases.
[[nodiscard]] std::vector<Stored> read_releases(const Layout& layout);

/// Names in blobs/ that `releases` need and whose content is another one. All that has the size
/// that a release says is hashed; a file that grew to tebibytes is not.
[[nodiscard]] std::vector<std::string> altered_blobs(const Layout& layout,
                                                     const std::vector<Stored>& releases);
/// A blob of this size is there; its content is not read.
[[nodiscard]] bool has_blob(const Layout& layout, const Artifact& artifact);
/// Names in blobs/ that they need.
[[nodiscard]] std::set<std::string> blobs_of(const Manifest& manifest);
[[nodiscard]] std::set<std::string> blobs_of(const std::vector<Stored>& releases);

/// Sets when a release was used: now, but after all others, so that a wrong clock keeps the order.
void stamp(const Layout& layout, const Sha256& hash, WallTime now);

}  // namespace phase::boot::cachefs
