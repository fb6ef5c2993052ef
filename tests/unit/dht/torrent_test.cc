// tests/unit/dht/torrent_test.cc
#include "dht/torrent.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "dht/torrent_rules.h"
#include "proto/piece_hash.h"

namespace phase::dht {
namespace {

namespace fs = std::filesystem;

const std::string kName = "phase-stable-x86_64-1-01234567";
const std::string kEncodedName = "30:phase-stable-x86_64-1-01234567";

class TorrentTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "phase-torrent-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string write(const std::string& path, std::size_t size, char first = 'a') {
    const auto target = fs::path(folder_) / path;
    fs::create_directories(target.parent_path());
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
      bytes[i] = static_cast<char>(first + (i * 31 + i / 7) % 97);
    std::ofstream(target, std::ios::binary) << bytes;
    return path;
  }
  MadeTorrent make(const std::vector<std::string>& files) {
    auto made = make_torrent(kName, folder_, files);
    EXPECT_TRUE(made.ok()) << made.error().detail;
    return made ? std::move(*made) : MadeTorrent{};
  }
  std::string folder_;
};

Bytes replaced(const Bytes& in, std::string_view from, std::string_view to) {
  std::string text(as_text(in));
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return {text.begin(), text.end()};
}

// A .torrent file comes from anybody. What it says beside the content is where else to connect.
TEST_F(TorrentTest, TheContentsLeaveOutTrackersWebSeedsAndNodes) {
  const auto made = make({write("kernel", 200'000)});
  const auto dressed =
      replaced(replaced(made.torrent, "d4:info",
                        "d8:announce17:http://a.example/9:httpseedsl17:http://b.example/e4:info"),
               "e12:piece layers", "e5:nodesll9:c.examplei6881eee12:piece layers");
  Bytes with_seeds(dressed.begin(), dressed.end() - 1);
  const std::string seeds = "8:url-list17:http://d.example/e";
  with_seeds.insert(with_seeds.end(), seeds.begin(), seeds.end());
  const auto read = read_torrent(with_seeds);
  ASSERT_TRUE(read.ok()) << read.error().detail;
  ASSERT_NE(as_text(with_seeds).find("c.example"), std::string::npos);
  EXPECT_EQ(as_text(contents_of(with_seeds)), as_text(made.torrent));
  EXPECT_EQ(as_text(contents_of(made.torrent)), as_text(made.torrent));
}

TEST_F(TorrentTest, ListsFilesWithTheirRootsAndWithoutPadding) {
  const std::vector<std::string> files = {write("kernel", 200'000), write("dtbs/a.dtb", 10),
                                          write("empty", 0)};
  const auto made = make(files);
  EXPECT_EQ(made.info.name, kName);
  EXPECT_EQ(made.info.piece_length, 64u * 1024);
  ASSERT_EQ(made.info.files.size(), 3u);
  EXPECT_EQ(made.info.files[0].path, "dtbs/a.dtb");
  EXPECT_EQ(made.info.files[1].path, "empty");
  EXPECT_EQ(made.info.files[2].path, "kernel");
  EXPECT_EQ(made.info.files[1].pieces_root, Sha256{});
  for (const auto& file : made.info.files) {
    const auto digest = digest_file(folder_ + "/" + file.path);
    ASSERT_TRUE(digest.ok());
    EXPECT_EQ(file.size, digest->size);
    EXPECT_EQ(file.pieces_root, digest->pieces_root) << file.path;
  }
}

// The same files in another order, at another time, in a folder of another name: the same bytes.
TEST_F(TorrentTest, IsTheSameForTheSameFiles) {
  const std::vector<std::string> files = {write("kernel", 300'000), write("initramfs", 5)};
  const auto one = make(files);
  const auto other = fs::path(folder_) / "copy";
  fs::create_directories(other);
  for (const auto& file : files) fs::copy_file(fs::path(folder_) / file, other / file);
  fs::last_write_time(other / "kernel", fs::file_time_type::clock::now() - std::chrono::hours(99));
  fs::permissions(other / "kernel", fs::perms::owner_all);
  const auto two = make_torrent(kName, other.string() + "/", {files[1], files[0]});
  ASSERT_TRUE(two.ok()) << two.error().detail;
  EXPECT_EQ(one.torrent, two->torrent);
  const std::string text(as_text(one.torrent));
  for (const char* told : {"creation date", "created by", "announce", "mtime", "copy"}) {
    EXPECT_EQ(text.find(told), std::string::npos) << told;
  }
}

TEST_F(TorrentTest, OfOneFileIsAFolder) {
  const auto made = make({write("kernel", 5)});
  ASSERT_EQ(made.info.files.size(), 1u);
  EXPECT_EQ(made.info.files[0].path, "kernel");
}

TEST_F(TorrentTest, ReadsBackWhatItMade) {
  const auto made = make({write("kernel", 100'000)});
  const auto read = read_torrent(made.torrent);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->infohashes, made.info.infohashes);
  EXPECT_NE(read->infohashes.v1, Sha1{});
  EXPECT_NE(read->infohashes.v2, Sha256{});
}

TEST_F(TorrentTest, NamesTheFileThatCannotBeRead) {
  const auto made = make_torrent(kName, folder_, {"kernel"});
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, ErrorCode::kStore);
  EXPECT_NE(made.error().detail.find("kernel"), std::string::npos);
  EXPECT_EQ(make_torrent(kName, folder_ + "/none", {"kernel"}).error().code, ErrorCode::kStore);
}

TEST_F(TorrentTest, RefusesNamesThatLeadOutOfTheFolder) {
  const auto file = write("kernel", 5);
  for (const char* name : {"", ".", "..", "a/b", ".hidden", "a b"}) {
    EXPECT_EQ(make_torrent(name, folder_, {file}).error().code, ErrorCode::kUsage) << name;
  }
  for (const char* path : {"", "../kernel", "/kernel", "a//b", "./kernel"}) {
    EXPECT_EQ(make_torrent(kName, folder_, {path}).error().code, ErrorCode::kUsage) << path;
  }
  EXPECT_EQ(make_torrent(kName, folder_, {file, file}).error().code, ErrorCode::kUsage);
  EXPECT_EQ(make_torrent(kName, folder_, {}).error().code, ErrorCode::kUsage);
}

TEST(Torrent, TakesLargerPiecesWhereAFileWouldHaveMoreThanOneRequestBrings) {
  constexpr std::uint64_t kGiB = 1ULL << 30;
  EXPECT_EQ(choose_piece_bytes({{"kernel", 31 << 20, {}}}), 64 * 1024);
  EXPECT_EQ(choose_piece_bytes({{"kernel", 33 << 20, {}}}), 128 * 1024);
  EXPECT_EQ(choose_piece_bytes({{"rootfs", kGiB - 1, {}}}), 2 * 1024 * 1024);
  EXPECT_EQ(choose_piece_bytes({{"rootfs", 64 * kGiB, {}}}), 64 * 1024 * 1024);
}

// What a hostile provider might send: each one breaks one rule and keeps the bencoding whole.
TEST_F(TorrentTest, RefusesEveryBrokenRule) {
  const auto made = make({write("kernel", 100'000), write("initramfs", 100'000)});
  const std::vector<std::pair<std::string, std::string>> edits = {
      {kEncodedName, "30:../se-stable-x86_64-1-01234567"},
      {kEncodedName, "30:phase stable-x86_64-1-01234567"},
      {"6:kernel", "6:../..x"},
      {"6:kernel", "6:ker/el"},
      {"12:meta versioni2e", "12:meta versioni1e"},
      {"6:lengthi100000e", "6:lengthi100001e"},
      {"12:piece lengthi65536e", "12:piece lengthi65535e"},
      {"12:piece lengthi65536e", "12:piece lengthi8192e"},
      {"6:pieces", "6:piecez"},
      {"11:pieces root", "11:pieces rooz"},
      {"9:file tree", "9:file trez"},
      {"5:files", "5:filez"},
  };
  for (const auto& [from, to] : edits) {
    const auto read = read_torrent(replaced(made.torrent, from, to));
    ASSERT_FALSE(read.ok()) << to;
    EXPECT_EQ(read.error().code, ErrorCode::kMalformed) << to;
  }
}

// Goal: no cut of a torrent is taken for another one, and none brings the parser down.
TEST_F(TorrentTest, RefusesEveryCut) {
  const auto made = make({write("kernel", 100'000), write("initramfs", 100'000)});
  for (std::size_t size = 0; size < made.torrent.size(); ++size) {
    EXPECT_FALSE(read_torrent(ByteView(made.torrent).first(size)).ok()) << size;
  }
}

// Goal: a flipped bit is refused or gives a torrent of another identity, and brings nothing down.
// Piece hashes are not in the identity of the file list, so that only what is read is compared.
TEST_F(TorrentTest, TellsEveryFlippedBitOfItsInfoDictionary) {
  const auto made = make({write("kernel", 100'000), write("initramfs", 1'000)});
  const std::string text(as_text(made.torrent));
  const auto begin = text.find("4:info") + 6;
  const auto end = text.find("12:piece layers");
  ASSERT_LT(begin, end);
  Bytes altered = made.torrent;
  std::size_t flips = 0;
  for (std::size_t at = begin; at < end; ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      altered[at] ^= static_cast<std::uint8_t>(1 << bit);
      const auto read = read_torrent(altered);
      if (read) {
        EXPECT_NE(read->infohashes, made.info.infohashes) << at;
      }
      altered[at] = made.torrent[at];
      ++flips;
    }
  }
  EXPECT_GT(flips, 1000u);
}

TEST_F(TorrentTest, RefusesWhatIsTooLarge) {
  const Bytes large(5 << 20, 'd');
  EXPECT_EQ(read_torrent(large).error().code, ErrorCode::kMalformed);
  std::vector<std::string> many;
  for (int i = 0; i < 301; ++i) many.push_back(write(std::to_string(i), 1));
  EXPECT_EQ(make_torrent(kName, folder_, many).error().code, ErrorCode::kUsage);
}

// Each piece of each file can be checked on its own, by hashes that the infohash vouches for.
TEST_F(TorrentTest, TellsTheHashOfEachPiece) {
  const auto made = make({write("a", 10), write("empty", 0), write("kernel", 200'000),
                          write("one", 65'536), write("z", 65'537)});
  const auto layout = read_piece_layout(made.torrent);
  ASSERT_TRUE(layout.ok()) << layout.error().detail;
  EXPECT_EQ(layout->name, kName);
  EXPECT_EQ(layout->infohashes, made.info.infohashes);
  ASSERT_EQ(layout->files.size(), 5U);
  const std::vector<std::uint32_t> firsts = {0, 1, 1, 5, 6};
  const std::vector<std::size_t> counts = {1, 0, 4, 1, 2};
  for (std::size_t i = 0; i < layout->files.size(); ++i) {
    const FilePieces& file = layout->files[i];
    SCOPED_TRACE(file.path);
    ASSERT_EQ(file.hashes.size(), counts[i]);
    if (!file.hashes.empty()) {
      EXPECT_EQ(file.first, firsts[i]);
    }
    std::ifstream in(fs::path(folder_) / file.path, std::ios::binary);
    for (const Sha256& hash : file.hashes) {
      Bytes piece(layout->piece_length);
      in.read(reinterpret_cast<char*>(piece.data()), static_cast<std::streamsize>(piece.size()));
      piece.resize(static_cast<std::size_t>(in.gcount()));
      EXPECT_EQ(piece_hash(piece, counts[i] == 1 ? 0 : layout->piece_length / kBlockBytes), hash);
    }
  }
  EXPECT_EQ(layout->pieces, 8U);
}

TEST_F(TorrentTest, TellsNoHashesThatTheRootDoesNotVouchFor) {
  const auto made = make({write("kernel", 200'000)});
  const std::string text(as_text(made.torrent));
  const auto layers = text.find("12:piece layers");
  ASSERT_NE(layers, std::string::npos);
  Bytes altered = made.torrent;
  altered[altered.size() - 10] ^= 1;  // In the last hash of the layer.
  EXPECT_EQ(read_piece_layout(altered).error().code, ErrorCode::kMalformed);
  const std::string without = text.substr(0, layers) + "e";
  EXPECT_EQ(read_piece_layout({reinterpret_cast<const std::uint8_t*>(without.data()), without.size()})
                .error()
                .code,
            ErrorCode::kMalformed);
}

}  // namespace
}  // namespace phase::dht
