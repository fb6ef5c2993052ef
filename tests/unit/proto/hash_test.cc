#include "proto/hash.h"

#include <fcntl.h>
#include <unistd.h>

#include "tests/unit/proto/support.h"

namespace phase {
namespace {

using test::pattern;

Sha256 parent(const Sha256& left, const Sha256& right) {
  Bytes both(left.begin(), left.end());
  both.insert(both.end(), right.begin(), right.end());
  return sha256(both);
}

/// BEP 52 as it is written down: all leaves in memory, zeros up to a power of two, level by level.
Sha256 naive_root(const Bytes& content) {
  std::vector<Sha256> level;
  for (std::size_t at = 0; at < content.size(); at += 16384) {
    level.push_back(
        sha256(ByteView(content).subspan(at, std::min<std::size_t>(16384, content.size() - at))));
  }
  if (level.empty()) return {};
  std::size_t width = 1;
  while (width < level.size()) width *= 2;
  level.resize(width);
  while (level.size() > 1) {
    std::vector<Sha256> above;
    for (std::size_t i = 0; i < level.size(); i += 2)
      above.push_back(parent(level[i], level[i + 1]));
    level = above;
  }
  return level.front();
}

Sha256 streamed_root(const Bytes& content, std::size_t step) {
  PiecesRootStream stream;
  for (std::size_t at = 0; at < content.size(); at += step) {
    stream.update(ByteView(content).subspan(at, std::min(step, content.size() - at)));
  }
  return stream.finish();
}

// FIPS 180-4 examples.
TEST(Hash, MatchesKnownAnswers) {
  EXPECT_EQ(to_hex(sha256(as_bytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha1(as_bytes("abc"))), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

TEST(Hash, StreamsToTheSameHash) {
  const Bytes content = pattern(100'003);
  Sha256Stream stream;
  for (std::size_t at = 0; at < content.size(); at += 777) {
    stream.update(ByteView(content).subspan(at, std::min<std::size_t>(777, content.size() - at)));
  }
  Sha256Stream moved = std::move(stream);
  EXPECT_EQ(moved.finish(), sha256(content));
}

TEST(HashDeathTest, AnEndedStreamTakesNoMore) {
  Sha256Stream stream;
  (void)stream.finish();
  EXPECT_DEATH(stream.update(as_bytes("x")), "broken invariant");
}

// The roots were made by libtorrent 2.0.8 (create_torrent, v2_only) from the same bytes.
TEST(PiecesRoot, IsWhatLibtorrentMakes) {
  const std::pair<std::size_t, const char*> known[] = {
      {1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
      {16384, "15345b8bcf83c9acd70121ebacc0aae2b90b2995b90a5143382a4f29fd125083"},
      {16385, "4f06ab5d81301a6be8740291d8491edb35843daecf491a50c4d22d92eaf9acbc"},
      {49152, "96c2e87d63edd32ff0d095deeb22c80b0b5dea5853a35c8e8ecec7ab918a8658"},
      {1048583, "ca1f3409c9497a3f4f2fdda9d572a2d4964cc6f646742644022c2070190bbe78"}};
  for (const auto& [size, root] : known) {
    EXPECT_EQ(to_hex(streamed_root(pattern(size), 1 << 20)), root) << size;
  }
}

TEST(PiecesRoot, IsWhatTheWholeTreeGivesForEveryNumberOfBlocks) {
  for (std::size_t blocks = 0; blocks <= 34; ++blocks) {
    const Bytes content = pattern(blocks * 16384);
    EXPECT_EQ(streamed_root(content, 1 << 20), naive_root(content)) << blocks;
  }
}

TEST(PiecesRoot, DoesNotDependOnHowTheBytesCome) {
  const Bytes content = pattern(5 * 16384 + 99);
  const Sha256 root = naive_root(content);
  for (const std::size_t step : {1u, 100u, 16383u, 16384u, 16385u, 50000u, 1u << 20}) {
    EXPECT_EQ(streamed_root(content, step), root) << step;
  }
}

TEST(PiecesRoot, OfAnEmptyFileIsZeros) {
  EXPECT_EQ(PiecesRootStream().finish(), Sha256{});
}

// The layer of pieces gives the root of the file: what is signed can be checked piece by piece.
TEST(MerkleRoot, OfAFilesPiecesIsItsRoot) {
  constexpr std::size_t kBlocks = 4;
  const Sha256 filler = merkle_root(std::vector<Sha256>(kBlocks), Sha256{});
  for (const std::size_t pieces : {2u, 3u, 4u, 5u, 7u, 8u, 9u}) {
    const Bytes content = pattern(pieces * kBlocks * 16384);
    std::vector<Sha256> layer;
    for (std::size_t i = 0; i < pieces; ++i) {
      layer.push_back(naive_root({content.begin() + static_cast<std::ptrdiff_t>(i * kBlocks * 16384),
                                  content.begin() + static_cast<std::ptrdiff_t>((i + 1) * kBlocks * 16384)}));
    }
    EXPECT_EQ(merkle_root(layer, filler), naive_root(content)) << pieces;
  }
}

TEST(MerkleRoot, OfOneIsItselfAndOfNoneZeros) {
  EXPECT_EQ(merkle_root({sha256(as_bytes("x"))}, {}), sha256(as_bytes("x")));
  EXPECT_EQ(merkle_root({}, sha256(as_bytes("x"))), Sha256{});
}

TEST(DigestFile, DigestsAFileFromItsStart) {
  const test::TempFolder folder;
  const Bytes content = pattern((3 << 20) + 5);
  test::write_file(folder / "f", content);
  const auto digest = digest_file(folder / "f");
  ASSERT_TRUE(digest.ok()) << digest.error().detail;
  EXPECT_EQ(digest->size, content.size());
  EXPECT_EQ(digest->sha256, sha256(content));
  EXPECT_EQ(digest->pieces_root, naive_root(content));

  const int fd = ::open((folder / "f").c_str(), O_RDONLY | O_CLOEXEC);
  ::lseek(fd, 1000, SEEK_SET);
  EXPECT_EQ(digest_file(fd, content.size())->sha256, sha256(content)) << "exactly the limit";
  EXPECT_EQ(digest_file(fd, UINT64_MAX)->sha256, sha256(content)) << "no limit";
  ::close(fd);
}

TEST(DigestFile, RefusesALargerFileThanSigned) {
  const test::TempFolder folder;
  const std::string path = folder / "f";
  // Sparse and large: only a reader that stops at the limit is done in time.
  test::write_file(path, pattern(100));
  ASSERT_EQ(::truncate(path.c_str(), 1LL << 40), 0);
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  for (const std::uint64_t limit : {0u, 99u, 1u << 20, (1u << 20) - 1, 3u << 20}) {
    EXPECT_ERROR(digest_file(fd, limit), ErrorCode::kLargerThanSigned);
  }
  ::close(fd);
}

TEST(DigestFile, AcceptsAnEmptyFile) {
  const test::TempFolder folder;
  test::write_file(folder / "f", {});
  const auto digest = digest_file(folder / "f");
  ASSERT_TRUE(digest.ok());
  EXPECT_EQ(digest->size, 0u);
  EXPECT_EQ(digest->pieces_root, Sha256{});
  const int fd = ::open((folder / "f").c_str(), O_RDONLY | O_CLOEXEC);
  EXPECT_TRUE(digest_file(fd, 0).ok());
  ::close(fd);
}

TEST(DigestFile, RefusesWhatIsNoFile) {
  const test::TempFolder folder;
  EXPECT_ERROR(digest_file(folder / "missing"), ErrorCode::kNotFound);
  EXPECT_ERROR(digest_file(folder.path()), ErrorCode::kStore);
  EXPECT_ERROR(digest_file("/dev/zero"), ErrorCode::kStore);
  EXPECT_ERROR(digest_file(-1, 10), ErrorCode::kStore);
}

}  // namespace
}  // namespace phase
