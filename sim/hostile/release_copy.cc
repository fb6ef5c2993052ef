#include "sim/hostile/release_copy.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <libtorrent/torrent_info.hpp>
#include <optional>

namespace phase::sim {
namespace {

namespace lt = libtorrent;

/// Nothing where `name` is no release's.
std::optional<std::uint64_t> version_in(const std::string& name) {
  const auto end = name.rfind('-');
  const auto begin = end == std::string::npos || end == 0 ? end : name.rfind('-', end - 1);
  if (begin == std::string::npos || !name.starts_with("phase-")) return std::nullopt;
  std::uint64_t out = 0;
  const auto read = std::from_chars(name.data() + begin + 1, name.data() + end, out);
  if (read.ec != std::errc() || read.ptr != name.data() + end) return std::nullopt;
  return out;
}

}  // namespace

struct ReleaseCopy::Layout {
  explicit Layout(const std::string& file) : torrent(file) {}
  lt::torrent_info torrent;
  [[nodiscard]] bool has(std::uint32_t piece) const {
    return piece < static_cast<std::uint32_t>(torrent.num_pieces());
  }
  [[nodiscard]] std::string path(lt::file_index_t file) const {
    return torrent.files().file_path(file).substr(torrent.name().size() + 1);
  }
};

Result<ReleaseCopy> ReleaseCopy::open(const std::string& torrent_file,
                                      const std::string& folder) try {
  ReleaseCopy out;
  out.layout_ = std::make_shared<const Layout>(torrent_file);
  out.folder_ = folder;
  const auto& torrent = out.layout_->torrent;
  const auto version = version_in(torrent.name());
  if (!version) return {ErrorCode::kStore, torrent_file + ": " + torrent.name() + " is no release"};
  out.version_ = *version;
  const auto hashes = torrent.info_hashes();
  std::copy_n(reinterpret_cast<const std::uint8_t*>(hashes.v1.data()), out.v1_.size(),
              out.v1_.begin());
  std::copy_n(reinterpret_cast<const std::uint8_t*>(hashes.v2.data()), out.v2_cut_.size(),
              out.v2_cut_.begin());
  const auto info = torrent.info_section();
  out.info_.assign(info.data(), static_cast<std::size_t>(info.size()));
  out.pieces_ = static_cast<std::size_t>(torrent.num_pieces());
  return out;
} catch (const std::exception& failure) {
  return {ErrorCode::kStore, torrent_file + ": " + failure.what()};
}

Bytes ReleaseCopy::read(std::uint32_t piece, std::uint32_t begin, std::uint32_t count) const {
  Bytes out;
  if (!layout_->has(piece)) return Bytes(count);
  const auto& files = layout_->torrent.files();
  for (const auto& slice : files.map_block(lt::piece_index_t(static_cast<int>(piece)), begin,
                                           static_cast<int>(count))) {
    const auto from = out.size();
    out.resize(from + static_cast<std::size_t>(slice.size));
    if (files.pad_file_at(slice.file_index)) continue;
    std::ifstream file(folder_ + "/" + layout_->path(slice.file_index), std::ios::binary);
    file.seekg(slice.offset);
    file.read(reinterpret_cast<char*>(out.data() + from), slice.size);
  }
  out.resize(count);
  return out;
}

std::string ReleaseCopy::file_of(std::uint32_t piece) const {
  if (!layout_->has(piece)) return {};
  return layout_->path(
      layout_->torrent.files().file_index_at_piece(lt::piece_index_t(static_cast<int>(piece))));
}

}  // namespace phase::sim
