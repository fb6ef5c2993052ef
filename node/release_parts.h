// node/release_parts.h
// Holds the parts of a release against each other: pointer, manifest, torrent and the files in
// its folder. Cheap: hashes the manifest, compares sizes of the rest. Whether the manifest's
// signatures are to be believed is the trust policy's to say (proto/trust.h), not asked here.
#pragma once

#include <string>

#include "node/store.h"

namespace phase::node {

inline constexpr std::size_t kMaxItemsBytes = 8 * 1024;
/// The info dictionary, and the piece layers beside it: at most 32 bytes a piece where it has 20.
inline constexpr std::size_t kMaxTorrentBytes = 4 * dht::kMaxMetadataBytes;

/// The pointer that all of `items` agree on. kMalformed where they do not, or one is in a slot
/// that is not its own.
[[nodiscard]] Result<Pointer> agreed_pointer(const std::vector<SignedItem>& items,
                                             const std::string& channel, const std::string& arch);

/// The release in `incoming.folder`, with `folder` and `parent` set to where it lies now.
/// `items` of `incoming` are verified here. Errors: kMalformed, kBadSignature, kWrongKey, kAltered
/// (manifest or torrent is not what the pointer names), kSmallerThanSigned, kLargerThanSigned,
/// kNotFound (a file of the torrent is missing).
[[nodiscard]] Result<StoredRelease> read_release(const Files& files,
                                                 const IncomingRelease& incoming);

}  // namespace phase::node
