// boot/init/cache_child.h
// PID 1's dealings with a cache: it mounts and unmounts, and children without rights read and
// write. What is on the disk is parsed by nobody else. Threads: one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/ports.h"
#include "proto/result.h"
#include "proto/trust.h"

namespace phase::boot {

/// What a child found out, two numbers and nothing else.
struct CacheWord {
  std::uint64_t floor = 0;  ///< Cache::floor(): no older version is booted.
  std::uint64_t best = 0;   ///< Highest version that passes every rule and is there whole; 0: none.
};

struct CacheQuestion {
  std::string folder;
  TrustPolicy policy;
  std::string channel, arch;
  std::uint64_t min_version = 0;
  WallTime now;  ///< Of the attempt.
};

/// Errors are those of Cache::open(); kTimeout where the child took too long.
[[nodiscard]] Result<CacheWord> ask_cache(const CacheQuestion& question, MonoTime deadline,
                                          const Clock& clock);

struct CacheFill {
  std::string folder;   ///< Of the cache, mounted writable.
  std::string fetched;  ///< The fetch folder, frozen: .torrent and pointer lie beside the release.
  std::string release;  ///< The release's folder in it, verified.
  Root root;            ///< Where this machine's trust begins.
  std::string channel, arch;
  WallTime now;  ///< Of the attempt.
  /// Something in the cache was found to be wrong: all of it is hashed, and what is damaged goes.
  bool repair = false;
};

/// Stores a verified release. Errors of Cache::add(); kTimeout: the child was killed, and what is
/// unfinished is no release.
[[nodiscard]] Result<void> fill_cache(const CacheFill& fill, MonoTime deadline, const Clock& clock);

}  // namespace phase::boot
