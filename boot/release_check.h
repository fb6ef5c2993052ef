// boot/release_check.h
// Holds a torrent's info dictionary against the signed manifest, before a byte of an artifact is
// fetched: same name, same files, same sizes, same BEP 52 roots, and nothing large beside them.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "dht/session.h"
#include "proto/envelope.h"
#include "proto/names.h"
#include "proto/trust.h"

namespace phase::boot {

inline constexpr const char* kManifestFile = "manifest.dsse";
/// Files beside the artifacts (checksums, trust chain) are at most this large each, in bytes.
inline constexpr std::uint64_t kMaxSideFileBytes = 1 << 20;

/// Before the manifest is known: is there a manifest file of an acceptable size?
[[nodiscard]] Result<void> check_has_manifest(const dht::TorrentInfo& untrusted);

/// kLargerThanSigned, kSmallerThanSigned, kAltered (another root) or kMalformed (name, missing or
/// unknown files), naming the file.
[[nodiscard]] Result<void> check_torrent(const dht::TorrentInfo& untrusted,
                                         const VerifiedManifest& manifest);

}  // namespace phase::boot
