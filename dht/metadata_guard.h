// dht/metadata_guard.h
// Gets the info dictionary from peers that may lie. libtorrent 2.0.8 asks one peer at a time, takes
// the size that the last one named, and asks the same peer first again where the hash was wrong: one
// hostile peer keeps it from everybody else's for ever. This asks each peer for the whole of it, and
// holds each one's answer against both infohashes by itself. Only for dht/*.cc.
//
// It begins once libtorrent had its second to get it by itself. Bounds: kMaxPeersAsked at a time,
// each for a few seconds and for kMaxMetadataBytes.
#pragma once

#include <libtorrent/fwd.hpp>
#include <memory>
#include <mutex>
#include <optional>

#include "dht/session.h"

namespace phase::dht {

/// Handed from libtorrent's thread to ours.
class FoundMetadata {
 public:
  void set(Bytes info);
  /// The info dictionary's bytes, once; both hashes match.
  [[nodiscard]] std::optional<Bytes> take();

 private:
  std::mutex mutex_;
  std::optional<Bytes> info_;
};

[[nodiscard]] std::shared_ptr<libtorrent::torrent_plugin> make_metadata_guard(
    const Infohashes& infohashes, std::shared_ptr<FoundMetadata> found,
    const libtorrent::torrent_handle& torrent);

}  // namespace phase::dht
