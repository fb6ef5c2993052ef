// boot/cached_release.h
// What a cache can give to one acquire: releases that verify under the policy now.
// Everything is hashed while it is copied; what is damaged is said once.
// Threads: the owner's. Copying blocks for as long as the disk takes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "boot/cache/cache.h"
#include "proto/trust.h"

namespace phase::boot {

class CachedReleases {
 public:
  /// Lists `cache` (borrowed; may be null: nothing is there) and verifies each manifest.
  CachedReleases(Cache* cache, const TrustPolicy& policy, const Expectation& expected);

  /// Highest version first: complete, and accepted by every rule.
  [[nodiscard]] const std::vector<VerifiedManifest>& whole() const { return whole_; }
  [[nodiscard]] std::optional<VerifiedManifest> find(const Sha256& manifest_sha256) const;

  /// Writes the whole release to `parent`/<release name>/ and answers with that folder. After an
  /// error this release is not offered any more, and what was written stays (it is right).
  [[nodiscard]] Result<std::string> copy(const VerifiedManifest& release, const std::string& parent);
  [[nodiscard]] Bytes torrent(const Sha256& manifest_sha256) const;
  /// Verified items of the pointer that was stored with it, for those who put it again.
  [[nodiscard]] std::vector<SignedItem> pointer(const Sha256& manifest_sha256,
                                                const PublicKey& key) const;

 private:
  Result<void> copy_into(const VerifiedManifest& release, const std::string& folder) const;
  Cache* cache_;
  std::vector<VerifiedManifest> whole_;
};

}  // namespace phase::boot
