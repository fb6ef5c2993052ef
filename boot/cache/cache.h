// boot/cache/cache.h
// Releases kept on a disk between boots, content-addressed by SHA-256. The disk is untrusted:
// whatever is read is verified again before use, whatever is damaged is as if it were not there.
// Layout and promises: docs/CACHE.md.
//
// A cache names itself: a folder without the marker file kCacheMarker is never read or written.
// Crash-safe: a file appears whole under its name or not at all, a release after all of its
// files; after a crash at any moment every release listed is either right or found to be wrong.
//
// Threads: the owner's. One writer at a time (a lock file; a second one gets kStore), any readers.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proto/manifest.h"
#include "proto/pointer.h"
#include "proto/result.h"
#include "proto/trust.h"

namespace phase::boot {

inline constexpr const char* kCacheMarker = "PHASECACHE";
inline constexpr std::size_t kMaxCachedReleases = 64;

enum class CacheUse : std::uint8_t { kRead, kWrite };

struct CachedRelease {
  Sha256 manifest_sha256{};  ///< Of the stored manifest.dsse; its bytes were hashed when listed.
  Manifest manifest;         ///< Well-formed; NOT verified against any trust.
  bool complete = false;     ///< Every artifact is there in its full size (not hashed).
  std::uint64_t bytes = 0;   ///< Of its artifacts that are there.
  std::int64_t last_used = 0;///< Seconds since 1970, by a clock that may be wrong; only the order counts.
};

/// What is stored of a release, all in one folder: manifest.dsse and every artifact under its name.
struct CacheEntry {
  std::string folder;              ///< Verified by the caller; hashed again while it is copied.
  Bytes torrent;                   ///< The .torrent file; may be empty.
  std::vector<SignedItem> pointer; ///< May be empty.
  std::vector<Bytes> roots;        ///< The chain that its manifest was judged by; may be empty.
};

struct CacheFault {
  std::string what;   ///< The release or file, as a person knows it.
  Error error;
};

class Cache {
 public:
  /// Marks `folder` (existing, empty but for lost+found) as a cache. kStore, kUsage.
  static Result<void> create(const std::string& folder);
  /// create() where `folder` is empty but for lost+found; kNotFound where it is not and has no
  /// marker, and nothing was written then. Changes nothing with kRead.
  static Result<void> claim(const std::string& folder, CacheUse use);
  /// Makes all of the cache `owner`'s, so that a process with that number alone can write it.
  static Result<void> give(const std::string& folder, uid_t owner);
  /// kNotFound: not there, or no marker. kConfig: of a format that we do not know. kStore.
  /// `limit` in bytes of all files; 0: what the file system has, less a twentieth.
  static Result<Cache> open(const std::string& folder, CacheUse use, std::uint64_t limit = 0);
  Cache(Cache&&) noexcept;
  Cache& operator=(Cache&&) noexcept;
  ~Cache();

  /// Newest version first within each channel and architecture; damaged entries are left out.
  [[nodiscard]] std::vector<CachedRelease> list() const;
  /// The stored manifest.dsse with exactly this hash, whole; kNotFound, kAltered.
  [[nodiscard]] Result<Bytes> manifest(const Sha256& manifest_sha256) const;
  [[nodiscard]] Result<Bytes> torrent(const Sha256& manifest_sha256) const;
  [[nodiscard]] Result<std::vector<SignedItem>> pointer(const Sha256& manifest_sha256,
                                                        const PublicKey& key) const;
  /// Every root document that was stored with a release, the longest chain first: anybody's, to be
  /// held against a root that is trusted (proto/root_chain.h).
  [[nodiscard]] std::vector<Bytes> roots() const;
  /// Copies the file with this size and SHA-256 to `to` (replaced as a whole), hashing what is
  /// copied: kNotFound, kAltered (removed from a writable cache, and nothing is left at `to`).
  [[nodiscard]] Result<void> copy_artifact(const Artifact& artifact, const std::string& to) const;
  /// Where that file lies, or would lie: whoever reads it there hashes what comes.
  [[nodiscard]] std::string path_of(const Artifact& artifact) const;

  /// The highest version of (channel, arch) whose manifest is signed as `policy` asks now, expired
  /// or not: the rollback floor. 0 where there is none. Never a number that was stored. A release
  /// that had to make room leaves its manifest for it, where no higher one is there.
  [[nodiscard]] std::uint64_t floor(const TrustPolicy& policy, const std::string& channel,
                                    const std::string& arch) const;

  /// Stores a release, files that are there already are not written again; releases used least
  /// recently make room. kStore where it cannot be (full, read-only, larger than the limit):
  /// what was there before still is. `on_progress` gets bytes written so far, may be empty.
  [[nodiscard]] Result<void> add(const CacheEntry& entry, WallTime now,
                                 const std::function<void(std::uint64_t)>& on_progress);
  /// Remembers that it was used. Best effort.
  void touch(const Sha256& manifest_sha256, WallTime now);

  /// Hashes every file of every release.
  [[nodiscard]] std::vector<CacheFault> verify() const;
  /// Removes what is damaged, unfinished or belongs to no release, then releases used least
  /// recently until all files take at most `limit` (0: this cache's). Bytes given back.
  [[nodiscard]] Result<std::uint64_t> collect(std::uint64_t limit);
  [[nodiscard]] std::uint64_t used_bytes() const;
  [[nodiscard]] std::uint64_t limit() const;

 private:
  struct State;
  explicit Cache(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace phase::boot
