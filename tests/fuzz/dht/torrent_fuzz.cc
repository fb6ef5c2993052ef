// .torrent files from relays and disks: what is accepted has names that stay in the release's folder,
// sizes within the limits, and is the same torrent once trackers and the like are taken away; the
// hashes of its pieces are those of each file's root.
#include "dht/torrent.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "dht/torrent_rules.h"
#include "proto/manifest.h"
#include "proto/names.h"
#include "proto/piece_hash.h"
#include "tests/fuzz/fuzz.h"

namespace phase::fuzz {
namespace {

bool same(const dht::TorrentInfo& a, const dht::TorrentInfo& b) {
  return a.name == b.name && a.infohashes.v1 == b.infohashes.v1 &&
         a.infohashes.v2 == b.infohashes.v2 && a.piece_length == b.piece_length &&
         a.files.size() == b.files.size();
}

/// What each piece will be held against: as much as the file list holds, and its root.
void check_layout(const dht::TorrentInfo& info, const dht::PieceLayout& layout) {
  check(layout.name == info.name && layout.infohashes == info.infohashes &&
            layout.piece_length == info.piece_length && layout.files.size() == info.files.size(),
        "pieces of another torrent");
  std::uint64_t next = 0;
  for (std::size_t i = 0; i < info.files.size(); ++i) {
    const dht::FilePieces& of = layout.files[i];
    const std::uint64_t pieces = (of.size + layout.piece_length - 1) / layout.piece_length;
    check(of.path == info.files[i].path && of.size == info.files[i].size, "another file");
    check(of.hashes.size() == pieces && (pieces == 0 || of.first == next), "another number of pieces");
    check(root_of_pieces(of.hashes, layout.piece_length / kBlockBytes) == info.files[i].pieces_root,
          "hashes that are not the root's");
    next += pieces;
  }
  check(next == layout.pieces && layout.pieces <= static_cast<std::uint32_t>(dht::kMaxPieces),
        "more pieces than the torrent has");
}

}  // namespace

std::vector<Bytes> seeds() {
  std::string folder = (std::filesystem::temp_directory_path() / "fuzz-torrent-XXXXXX").string();
  check(::mkdtemp(folder.data()) != nullptr, "a folder for seeds");
  std::filesystem::create_directory(folder + "/dtbs");
  std::vector<Bytes> out;
  for (const std::size_t size : {1'000U, 200'000U}) {
    for (const char* name : {"manifest.dsse", "kernel", "dtbs/a.dtb"}) {
      std::ofstream file(folder + "/" + name, std::ios::binary);
      file << std::string(size, 'k');
      check(file.flush().good(), "a file of a seed");
    }
    auto made = dht::make_torrent("phase-stable-x86_64-1-01234567", folder,
                                  {"manifest.dsse", "kernel", "dtbs/a.dtb"});
    check(made.ok(), "a seed");
    out.push_back(std::move(made->torrent));
  }
  std::filesystem::remove_all(folder);
  return out;
}

void one(ByteView input) {
  const auto info = dht::read_torrent(input);
  const auto layout = dht::read_piece_layout(input);
  if (!info) {
    check(!layout.ok(), "pieces of what is no torrent");
    return;
  }
  if (layout) check_layout(*info, *layout);
  check(valid_artifact_name(info->name) && info->name.find('/') == std::string::npos, "its name");
  check(!info->files.empty() && info->files.size() <= dht::kMaxTorrentFiles, "how many files");
  for (const dht::TorrentFile& file : info->files) {
    check(valid_artifact_name(file.path), "a path that leaves the release");
    check(file.size <= kMaxArtifactBytes, "a file over the limit");
  }
  const auto again = dht::read_torrent(dht::contents_of(input));
  check(again.ok() && same(*info, *again), "without trackers it is another torrent");
}

}  // namespace phase::fuzz
