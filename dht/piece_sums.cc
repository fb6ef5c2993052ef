#include "dht/piece_sums.h"

#include <exception>
#include <libtorrent/torrent_info.hpp>

#include "dht/convert.h"
#include "dht/piece_sums_of.h"
#include "dht/torrent.h"
#include "dht/torrent_rules.h"

namespace phase::dht {

PieceSums piece_sums_of(const lt::torrent_info& parsed, const TorrentInfo& info) {
  PieceSums out;
  out.piece_length = info.piece_length;
  out.pieces = static_cast<std::uint32_t>(parsed.num_pieces());
  if (out.pieces == 0) return out;
  out.last_piece = static_cast<std::uint32_t>(parsed.piece_size(parsed.last_piece()));
  const auto& storage = parsed.files();
  std::size_t next = 0;
  for (const auto index : storage.file_range()) {
    if (storage.pad_file_at(index)) continue;
    const TorrentFile& file = info.files[next++];
    FileSums of{file.path, file.size, file.pieces_root, 0, {}};
    const auto pieces = static_cast<int>((file.size + out.piece_length - 1) / out.piece_length);
    const auto first = storage.piece_index_at_file(index);
    of.first = static_cast<std::uint32_t>(int(first));
    for (int i = 0; i < pieces; ++i) {
      of.sums.push_back(bytes_from<Sha1>(
          parsed.hash_for_piece(first + lt::piece_index_t::diff_type(i))));
    }
    out.files.push_back(std::move(of));
  }
  return out;
}

Result<PieceSums> read_piece_sums(ByteView untrusted) try {
  // Within its limits libtorrent takes the same torrent again.
  const auto info = read_torrent(untrusted);
  if (!info) return info.error();
  const lt::torrent_info parsed(to_span(contents_of(untrusted)), lt::from_span);
  return piece_sums_of(parsed, *info);
} catch (const std::exception& failure) {
  return {ErrorCode::kMalformed, std::string("torrent: ") + failure.what()};
}

}  // namespace phase::dht
