#include "sim/hostile/release_copy.h"

#include <gtest/gtest.h>

#include "proto/hash.h"
#include "tests/unit/sim/hostile/made_release.h"

namespace phase::sim {
namespace {

using test::MadeRelease;

constexpr std::uint32_t kPieceBytes = 64 * 1024;

Bytes part(const Bytes& of, std::size_t from, std::size_t count) {
  return {of.begin() + static_cast<std::ptrdiff_t>(from),
          of.begin() + static_cast<std::ptrdiff_t>(from + count)};
}

TEST(ReleaseCopy, IsKnownByWhatItsTorrentSays) {
  const MadeRelease made(42);
  const auto copy = made.copy();
  EXPECT_EQ(copy.version(), 42U);
  EXPECT_EQ(copy.v1(), made.info().infohashes.v1);
  EXPECT_TRUE(
      std::equal(copy.v2_cut().begin(), copy.v2_cut().end(), made.info().infohashes.v2.begin()));
  EXPECT_EQ(sha1(as_bytes(copy.info())), copy.v1()) << "the info dictionary as it was hashed";
  EXPECT_EQ(copy.pieces(), 4U) << "three of the initramfs, one of the kernel";
}

TEST(ReleaseCopy, ReadsThePiecesOfItsFiles) {
  const MadeRelease made(1);
  const auto copy = made.copy();
  EXPECT_EQ(copy.read(0, 0, 1000), part(made.initramfs(), 0, 1000));
  EXPECT_EQ(copy.read(1, 5, 16 * 1024), part(made.initramfs(), kPieceBytes + 5, 16 * 1024));
  EXPECT_EQ(copy.file_of(0), "initramfs");
  EXPECT_EQ(copy.file_of(2), "initramfs");
  EXPECT_EQ(copy.file_of(3), "kernel");
  auto kernel = made.kernel();
  EXPECT_EQ(copy.read(3, 0, 10), kernel);
}

TEST(ReleaseCopy, HasZerosWhereThereIsNothing) {
  const MadeRelease made(1);
  const auto copy = made.copy();
  // The last piece of a file is filled up to the next file's first.
  const std::size_t last = 150'000 - 2 * kPieceBytes;
  auto tail = part(made.initramfs(), 2 * kPieceBytes, last);
  tail.resize(kPieceBytes);
  EXPECT_EQ(copy.read(2, 0, kPieceBytes), tail);
  EXPECT_EQ(copy.read(4, 0, 100), Bytes(100));
  EXPECT_EQ(copy.read(0xFFFFFFFF, 0xFFFFFFFF, 7), Bytes(7));
  EXPECT_EQ(copy.file_of(4), "");
}

TEST(ReleaseCopy, RefusesWhatIsNoReleasesTorrent) {
  const MadeRelease made(1);
  EXPECT_EQ(ReleaseCopy::open(made.folder() + "/kernel", made.folder()).error().code,
            ErrorCode::kStore);
  EXPECT_EQ(ReleaseCopy::open(made.folder() + "/none", made.folder()).error().code,
            ErrorCode::kStore);
  for (const char* name :
       {"phase", "phase-stable-x86_64-x-01234567", "phase-stable-x86_64-1x-01234567",
        "other-stable-x86_64-1-01234567", "phase-stable-x86_64--01234567",
        "phase-stable-x86_64-99999999999999999999-01234567"}) {
    const MadeRelease other(name, 1);
    const auto copy = ReleaseCopy::open(other.torrent_file(), other.folder());
    ASSERT_FALSE(copy.ok()) << name << " has version " << copy->version();
    EXPECT_EQ(copy.error().code, ErrorCode::kStore);
  }
}

}  // namespace
}  // namespace phase::sim
