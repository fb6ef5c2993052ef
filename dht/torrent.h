// dht/torrent.h
// Makes and reads .torrent files of releases: hybrid v1+v2 (BEP 52), no tracker, deterministic
// (the same files give the same bytes).
#pragma once

#include <string>
#include <vector>

#include "dht/session.h"
#include "proto/bytes.h"
#include "proto/result.h"

namespace phase::dht {

struct MadeTorrent {
  Bytes torrent;
  TorrentInfo info;
};

/// Hashes `files` (paths relative to `folder`) into a torrent named `name`. 64 KiB pieces, more
/// where a file would have more than 512 or the info dictionary would pass kMaxMetadataBytes. kStore where a file cannot be read.
[[nodiscard]] Result<MadeTorrent> make_torrent(const std::string& name, const std::string& folder,
                                               const std::vector<std::string>& files);

/// kMalformed for anything but a hybrid torrent within the limits.
[[nodiscard]] Result<TorrentInfo> read_torrent(ByteView untrusted);

}  // namespace phase::dht
