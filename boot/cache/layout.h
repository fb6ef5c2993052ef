// boot/cache/layout.h
// Where what lies in a cache; docs/CACHE.md is its page. For boot/cache/*.cc only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "boot/cache/cache.h"
#include "boot/cache/folder.h"
#include "proto/hash.h"
#include "proto/result.h"

namespace phase::boot::cachefs {

inline constexpr const char* kFormatLine = "phase-cache 1\n";
inline constexpr const char* kManifestName = "manifest.dsse";
inline constexpr const char* kTorrentName = "release.torrent";
inline constexpr const char* kPointerName = "pointer";
inline constexpr const char* kRootsName = "roots";
inline constexpr std::size_t kMaxTorrentBytes = std::size_t{4} << 20;
inline constexpr std::size_t kMaxPointerFileBytes = std::size_t{8} << 10;
inline constexpr std::size_t kMaxRootsFileBytes = std::size_t{4} << 20;

struct Layout {
  Folder root;
  Folder blobs;     ///< <SHA-256 of the content>
  Folder releases;  ///< <SHA-256 of the manifest.dsse>/{manifest.dsse,release.torrent,pointer,roots}
  Folder floors;    ///< <SHA-256>: the manifest.dsse of a release that had to make room
  Folder tmp;       ///< What is being written or removed; nothing in it counts.
};

/// Follows no link in `folder`. kNotFound, kConfig, kStore as Cache::open() says. For kWrite the
/// missing folders are made.
[[nodiscard]] Result<Layout> open_layout(const std::string& folder, CacheUse use);
[[nodiscard]] Result<void> create_layout(const std::string& folder);
/// As Cache::claim() and Cache::give() say.
[[nodiscard]] Result<void> claim_layout(const std::string& folder, CacheUse use);
[[nodiscard]] Result<void> give_layout(const std::string& folder, uid_t owner);

/// For messages: a name on a disk may be any bytes.
[[nodiscard]] std::string printable(std::string text);
/// 64 lower-case hexadecimal digits.
[[nodiscard]] std::optional<Sha256> parse_name(const std::string& name);
[[nodiscard]] inline std::string name_of(const Sha256& hash) { return to_hex(hash); }

/// Bytes of all files; a hostile sum ends at 2^62.
[[nodiscard]] std::uint64_t used_bytes(const Layout& layout);
/// What the file system has in all, less a twentieth, and what is free for us now.
[[nodiscard]] std::uint64_t default_limit(const Layout& layout);
[[nodiscard]] std::uint64_t free_bytes(const Layout& layout);

}  // namespace phase::boot::cachefs

namespace phase::boot {

struct Cache::State {
  cachefs::Layout layout;
  CacheUse use = CacheUse::kRead;
  std::uint64_t limit = 0;
  Fd lock;  // flock() on the marker; only for kWrite
};

}  // namespace phase::boot
