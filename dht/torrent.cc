// dht/torrent.cc
#include "dht/torrent.h"

#include <algorithm>
#include <bit>
#include <exception>
#include <filesystem>
#include <libtorrent/bdecode.hpp>
#include <libtorrent/bencode.hpp>
#include <libtorrent/create_torrent.hpp>
#include <libtorrent/posix_disk_io.hpp>
#include <libtorrent/settings_pack.hpp>
#include <libtorrent/torrent_info.hpp>
#include <set>
#include <system_error>

#include "dht/convert.h"
#include "dht/torrent_rules.h"
#include "proto/bencode.h"
#include "proto/manifest.h"
#include "proto/names.h"
#include "proto/piece_hash.h"

namespace phase::dht {
namespace {

namespace fs = std::filesystem;
using bencode::Value;
using Kind = bencode::Value::Kind;

constexpr std::size_t kMaxTorrentBytes = 4 * kMaxMetadataBytes;  // Piece layers: 32 bytes a piece.
constexpr unsigned kMaxDepth = 40;  // A path of 120 bytes in the file tree, and its wrapping.
constexpr std::size_t kMaxValues = 40'000;

Error malformed(const std::string& rule) {
  return {ErrorCode::kMalformed, "torrent: " + rule};
}

bool valid_torrent_name(std::string_view name) {
  return valid_artifact_name(name) && name.find('/') == std::string_view::npos &&
         name.front() != '.';
}

/// One leaf of a BEP 52 file tree: the dictionary under its empty key.
Result<TorrentFile> read_leaf(const Value& leaf, std::string path) {
  if (!valid_artifact_name(path)) return malformed("a file's path is not allowed");
  if (leaf.find("symlink path", Kind::kList) != nullptr) return malformed("it holds a symlink");
  const Value* length = leaf.find("length", Kind::kInteger);
  if (length == nullptr || length->integer < 0 ||
      static_cast<std::uint64_t>(length->integer) > kMaxArtifactBytes) {
    return malformed("a file's length is not allowed");
  }
  TorrentFile file{std::move(path), static_cast<std::uint64_t>(length->integer), {}};
  if (file.size == 0) return file;
  const Value* root = leaf.find("pieces root", Kind::kString);
  const auto bytes = root != nullptr ? exactly<32>(root->string) : std::nullopt;
  if (!bytes) return malformed("a file has no pieces root");
  file.pieces_root = *bytes;
  return file;
}

Result<void> read_tree(const Value& tree, const std::string& prefix,
                       std::vector<TorrentFile>& out) {
  for (const auto& [name, node] : tree.dict) {
    if (out.size() >= kMaxTorrentFiles) return malformed("it holds more than 300 files");
    if (node.kind != Kind::kDict) return malformed("its file tree is broken");
    const std::string path = prefix + std::string(name);
    if (const Value* leaf = node.find("", Kind::kDict)) {
      if (node.dict.size() != 1) return malformed("a file is a folder, too");
      auto file = read_leaf(*leaf, path);
      if (!file) return file.error();
      out.push_back(std::move(*file));
    } else if (auto below = read_tree(node, path + "/", out); !below) {
      return below;
    }
  }
  return {};
}

/// libtorrent checks v1 and v2 file lists against each other, and changes paths that it does not
/// like; what it made of the torrent must be what we read.
bool same_files(const lt::torrent_info& parsed, const TorrentInfo& info) {
  const auto& storage = parsed.files();
  std::size_t next = 0;
  for (const auto index : storage.file_range()) {
    if (storage.pad_file_at(index)) continue;
    if (next == info.files.size()) return false;
    const TorrentFile& file = info.files[next++];
    if (storage.file_path(index) != info.name + "/" + file.path ||
        static_cast<std::uint64_t>(storage.file_size(index)) != file.size) {
      return false;
    }
  }
  return next == info.files.size();
}

Result<void> check_inputs(const std::string& name, const fs::path& folder,
                          const std::vector<std::string>& files) {
  if (!valid_torrent_name(name)) return {ErrorCode::kUsage, "not a torrent name: " + name};
  if (files.empty() || files.size() > kMaxTorrentFiles ||
      std::set<std::string>(files.begin(), files.end()).size() != files.size()) {
    return {ErrorCode::kUsage, "a torrent holds 1 to 300 files with distinct names"};
  }
  for (const auto& file : files) {
    if (!valid_artifact_name(file)) return {ErrorCode::kUsage, "not a file name: " + file};
    std::error_code error;
    if (!fs::is_regular_file(folder / file, error)) {
      return {ErrorCode::kStore, (folder / file).string() + ": not a file that can be read" +
                                     (error ? ": " + error.message() : "")};
    }
  }
  return {};
}

Result<Bytes> hash_files(const std::string& name, const fs::path& folder,
                         const std::vector<std::string>& files) {
  // libtorrent looks for the files below a folder of the torrent's name; ours may have another
  // name, which is put right in the result: nothing that is hashed holds it.
  const std::string local_name = folder.filename().string();
  lt::file_storage storage;
  std::vector<TorrentFile> sizes;
  for (const auto& file : files) {
    sizes.push_back({file, fs::file_size(folder / file), {}});
    storage.add_file(local_name + "/" + file, static_cast<std::int64_t>(sizes.back().size));
  }
  // No flags: hybrid, and neither times nor attributes of the files go in.
  lt::create_torrent creator(storage, choose_piece_bytes(sizes), lt::create_flags_t{});
  creator.set_creation_date(0);
  creator.set_creator(nullptr);
  lt::error_code error;
  lt::settings_pack settings;
  lt::set_piece_hashes(
      creator, folder.parent_path().string(), settings, lt::posix_disk_io_constructor,
      [](lt::piece_index_t) {}, error);
  if (error) return {ErrorCode::kStore, folder.string() + ": " + error.message()};
  lt::entry made = creator.generate();
  made["info"]["name"] = name;
  Bytes out;
  lt::bencode(std::back_inserter(out), made);
  return out;
}

}  // namespace

int choose_piece_bytes(const std::vector<TorrentFile>& files) {
  int piece = kMinPieceBytes;
  for (; piece < kMaxPieceBytes; piece *= 2) {
    std::size_t dictionary = 1024;
    bool in_one_request = true;
    for (const auto& file : files) {
      const auto pieces = file.size / static_cast<unsigned>(piece) + 1;
      in_one_request = in_one_request && pieces <= kMaxFilePieces;
      // Its path stands in both file lists, a pad file follows it, and all of that is wrapped.
      dictionary += static_cast<std::size_t>(pieces) * 20 + file.path.size() * 2 + 300;
    }
    if (in_one_request && dictionary < kMaxMetadataBytes) break;
  }
  return piece;
}

Bytes contents_of(ByteView torrent) {
  lt::error_code error;
  const lt::bdecode_node parsed =
      lt::bdecode(to_span(torrent), error, nullptr, static_cast<int>(kMaxDepth),
                  static_cast<int>(kMaxValues));
  if (parsed.type() != lt::bdecode_node::dict_t) return {};
  Bytes out;
  bencode::put_raw(out, "d");
  for (const char* key : {"info", "piece layers"}) {
    const lt::bdecode_node part = parsed.dict_find_dict(key);
    if (!part) continue;
    const auto raw = part.data_section();
    bencode::put_string(out, as_bytes(key));
    bencode::put_raw(out, {raw.data(), static_cast<std::size_t>(raw.size())});
  }
  bencode::put_raw(out, "e");
  return out;
}

Result<TorrentInfo> accept_torrent(const lt::torrent_info& parsed) {
  if (!parsed.is_valid() || !parsed.v1() || !parsed.v2()) {
    return malformed("not a hybrid (v1 and v2) torrent");
  }
  const auto section = parsed.info_section();
  const ByteView bytes{reinterpret_cast<const std::uint8_t*>(section.data()),
                       static_cast<std::size_t>(section.size())};
  const auto decoded = bencode::decode(
      bytes, {.bytes = kMaxMetadataBytes, .values = kMaxValues, .depth = kMaxDepth});
  if (!decoded) return malformed("info dictionary: " + decoded.error().detail);
  const Value* name = decoded->find("name", Kind::kString);
  const Value* tree = decoded->find("file tree", Kind::kDict);
  const Value* hashes = decoded->find("pieces", Kind::kString);
  if (name == nullptr || tree == nullptr || decoded->find("files", Kind::kList) == nullptr) {
    return malformed("not a folder of files");
  }
  // Without them libtorrent takes the torrent for a v2 one, with both infohashes all the same.
  if (hashes == nullptr ||
      hashes->string.size() != 20 * static_cast<std::size_t>(parsed.num_pieces())) {
    return malformed("its v1 piece hashes are not complete");
  }
  TorrentInfo info;
  info.name = std::string(as_text(name->string));
  if (!valid_torrent_name(info.name)) return malformed("its name is not allowed");
  info.infohashes.v1 = bytes_from<Sha1>(parsed.info_hashes().v1);
  info.infohashes.v2 = bytes_from<Sha256>(parsed.info_hashes().v2);
  const int piece = parsed.piece_length();
  if (piece < 16 * 1024 || piece > kMaxPieceBytes ||
      !std::has_single_bit(static_cast<unsigned>(piece))) {
    return malformed("its piece length is not allowed");
  }
  info.piece_length = static_cast<std::uint32_t>(piece);
  if (auto read = read_tree(*tree, "", info.files); !read) return read.error();
  if (info.files.empty()) return malformed("it holds no file");
  if (!same_files(parsed, info)) return malformed("its two file lists do not agree");
  return info;
}

namespace {

/// Throws where libtorrent does.
Result<lt::torrent_info> parse(ByteView untrusted) {
  if (untrusted.size() > kMaxTorrentBytes) return malformed("larger than 4 MiB");
  lt::load_torrent_limits limits;
  limits.max_buffer_size = static_cast<int>(kMaxTorrentBytes);
  limits.max_pieces = kMaxPieces;
  limits.max_decode_depth = static_cast<int>(kMaxDepth);
  limits.max_decode_tokens = static_cast<int>(kMaxValues);
  lt::torrent_info parsed(to_span(untrusted), limits, lt::from_span);
  if (parsed.info_section().size() > static_cast<std::ptrdiff_t>(kMaxMetadataBytes)) {
    return malformed("its info dictionary is larger than 1 MiB");
  }
  return parsed;
}

/// A layer as it stands in a .torrent: hashes one after the other.
std::vector<Sha256> split_layer(lt::span<const char> layer) {
  std::vector<Sha256> out(static_cast<std::size_t>(layer.size()) / sizeof(Sha256));
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::copy_n(layer.data() + i * sizeof(Sha256), sizeof(Sha256),
                reinterpret_cast<char*>(out[i].data()));
  }
  return out;
}

}  // namespace

Result<TorrentInfo> read_torrent(ByteView untrusted) try {
  const auto parsed = parse(untrusted);
  if (!parsed) return parsed.error();
  return accept_torrent(*parsed);
} catch (const std::exception& failure) {
  return malformed(failure.what());
}

Result<PieceLayout> read_piece_layout(ByteView untrusted) try {
  const auto parsed = parse(untrusted);
  if (!parsed) return parsed.error();
  const auto info = accept_torrent(*parsed);
  if (!info) return info.error();
  PieceLayout out{info->name, info->infohashes, info->piece_length,
                  static_cast<std::uint32_t>(parsed->num_pieces()), {}};
  const auto& storage = parsed->files();
  std::size_t next = 0;
  for (const auto index : storage.file_range()) {
    if (storage.pad_file_at(index)) continue;
    const TorrentFile& file = info->files[next++];
    const std::uint64_t pieces = (file.size + out.piece_length - 1) / out.piece_length;
    FilePieces of{file.path, file.size,
                  static_cast<std::uint32_t>(int(storage.piece_index_at_file(index))), {}};
    if (pieces == 1) of.hashes = {file.pieces_root};
    if (pieces > 1) of.hashes = split_layer(parsed->piece_layer(index));
    if (of.hashes.size() != pieces ||
        root_of_pieces(of.hashes, out.piece_length / kBlockBytes) != file.pieces_root) {
      return malformed(file.path + ": its piece hashes are not those of its root");
    }
    out.files.push_back(std::move(of));
  }
  return out;
} catch (const std::exception& failure) {
  return malformed(failure.what());
}

Result<MadeTorrent> make_torrent(const std::string& name, const std::string& folder,
                                 const std::vector<std::string>& files) try {
  const fs::path real = fs::canonical(folder);
  if (auto good = check_inputs(name, real, files); !good) return good.error();
  auto torrent = hash_files(name, real, files);
  if (!torrent) return torrent.error();
  auto info = read_torrent(*torrent);
  if (!info) return info.error().in("just made");
  return MadeTorrent{std::move(*torrent), std::move(*info)};
} catch (const std::exception& failure) {
  return {ErrorCode::kStore, "make torrent of " + folder + ": " + failure.what()};
}

}  // namespace phase::dht
