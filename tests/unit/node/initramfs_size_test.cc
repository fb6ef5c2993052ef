#include "node/initramfs_size.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "release_fixture.h"

namespace phase::node::test {
namespace {

constexpr std::uint64_t kEntry = 1024;  // what an entry takes beside its pages

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// Through the real compressor.
Bytes through(const std::string& command, const Bytes& content) {
  const TempFolder folder;
  write(folder.path() + "/in", content);
  const auto line = command + " <" + folder.path() + "/in >" + folder.path() + "/out";
  check(std::system(line.c_str()) == 0, "the compressor is installed");
  return *real_files().read_file(folder.path() + "/out", 1 << 24);
}

TEST(InitramfsSize, CountsPagesOfPlainCpio) {
  EXPECT_EQ(*initramfs_unpacked(initramfs(1)), 4096 + kEntry);
  EXPECT_EQ(*initramfs_unpacked(initramfs(4096)), 4096 + kEntry);
  EXPECT_EQ(*initramfs_unpacked(initramfs(4097)), 8192 + kEntry);
  EXPECT_EQ(*initramfs_unpacked(initramfs(0)), kEntry);
}

TEST(InitramfsSize, ReadsEveryCompressionThatItNames) {
  const auto archive = initramfs(1'000'000);
  const auto plain = *initramfs_unpacked(archive);
  for (const char* command : {"gzip -c", "xz -c --check=crc32", "zstd -q -c -19"})
    EXPECT_EQ(*initramfs_unpacked(through(command, archive)), plain) << command;
}

// Microcode first, then a compressed archive, then one that was appended: what Debian and our own
// hand-over make.
TEST(InitramfsSize, AddsUpArchivesThatFollowOneAnother) {
  const auto plain = initramfs(100);
  const auto image = plain + Bytes(512, 0) + through("gzip -c", plain) + through("xz -c", plain) +
                     Bytes(3, 0) + through("zstd -q -c", plain) + plain + Bytes(8, 0);
  EXPECT_EQ(*initramfs_unpacked(image), 5 * (4096 + kEntry));
}

TEST(InitramfsSize, RefusesEveryCut) {
  const auto archive = initramfs(300);
  for (std::size_t size = 0; size < archive.size(); ++size) {
    const auto result = initramfs_unpacked(ByteView(archive).first(size));
    // The last bytes are padding behind the trailer, which the kernel does not need.
    if (result) { EXPECT_GT(size, archive.size() - 512) << size; }
  }
  for (const char* command : {"gzip -c", "xz -c", "zstd -q -c"}) {
    const auto packed = through(command, archive);
    for (std::size_t size = 1; size < packed.size(); ++size)
      EXPECT_FALSE(initramfs_unpacked(ByteView(packed).first(size))) << command << " " << size;
  }
}

TEST(InitramfsSize, RefusesWhatIsNoArchive) {
  EXPECT_FALSE(initramfs_unpacked(ByteView()));
  EXPECT_FALSE(initramfs_unpacked(as_bytes("hello")));
  EXPECT_FALSE(initramfs_unpacked(x86_kernel()));
  const auto text = through("gzip -c", Bytes(1000, 'x'));
  EXPECT_FALSE(initramfs_unpacked(text));
  const auto old_format = as_bytes("070707000000");
  EXPECT_FALSE(initramfs_unpacked(old_format));
}

TEST(InitramfsSize, StopsAtTheLimit) {
  const auto bomb = through("gzip -c", initramfs(10'000'000));
  EXPECT_LT(bomb.size(), 50'000u);
  const auto result = initramfs_unpacked(bomb, 1'000'000);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kMemory);
}

}  // namespace
}  // namespace phase::node::test
