// node/initramfs_size.h
// How much memory an initramfs takes once the kernel has unpacked it. Accepts what Linux accepts
// of it: cpio archives (format newc), each plain or in gzip, xz or zstd, one after another with
// zeros between them.
#pragma once

#include <cstdint>
#include <string>

#include "proto/bytes.h"
#include "proto/result.h"

namespace phase::node {

inline constexpr std::uint64_t kMaxUnpacked = 64ULL << 30;  ///< Decompressed bytes looked at.

/// kMalformed says what was found instead, or where it is cut off; kMemory past `limit`.
[[nodiscard]] Result<std::uint64_t> initramfs_unpacked(ByteView image,
                                                       std::uint64_t limit = kMaxUnpacked);
[[nodiscard]] Result<std::uint64_t> initramfs_unpacked(const std::string& path);

}  // namespace phase::node
