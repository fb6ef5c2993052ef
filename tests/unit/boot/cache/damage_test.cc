// Goal: a disk that was altered by anybody costs at most what it held: nothing wrong is given
// out, nothing outside the cache is read or written, and the cache works on.
// Method: damage a cache in each way we know, then read, verify, collect and add again.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/boot/cache/support.h"

namespace phase::boot {
namespace {

namespace fs = std::filesystem;
using test::listed;
using test::SampleRelease;
using test::TempFolder;

struct Damage : ::testing::Test {
  Damage() { test::add(cache, release); }

  [[nodiscard]] std::string in_release(const std::string& name) const {
    return path + "/releases/" + to_hex(release.hash()) + "/" + name;
  }
  [[nodiscard]] std::string initramfs() const {
    return test::blob_path(path, release.initramfs());
  }
  static void flip_byte(const std::string& file, std::streamoff at) {
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekg(at);
    const char old = static_cast<char>(bytes.get());
    bytes.seekp(at);
    bytes.put(static_cast<char>(old ^ 4));
    check(bytes.good(), "a byte of a test");
  }
  /// After any damage: what is right comes out, and a new release can be stored.
  void expect_usable() {
    EXPECT_EQ(test::copy_all_out(cache, folder), "");
    EXPECT_TRUE(cache.collect(0));
    EXPECT_TRUE(cache.verify().empty());
    test::add(cache, release);
    EXPECT_EQ(listed(cache), std::vector<std::string>{"stable 7"});
    EXPECT_EQ(test::copy_all_out(cache, folder), "");
    EXPECT_TRUE(cache.verify().empty());
  }

  TempFolder folder;
  std::string path = test::make_cache(folder);
  Cache cache = test::open_cache(path);
  SampleRelease release{folder, {.version = 7}};
};

TEST_F(Damage, OfOneBitInAFileIsFoundAndTheFileRemoved) {
  flip_byte(initramfs(), 4'000);
  ASSERT_EQ(cache.verify().size(), 1u);
  EXPECT_EQ(cache.verify().front().what, "stable/x86_64 7: initramfs");
  EXPECT_EQ(cache.verify().front().error.code, ErrorCode::kAltered);

  const Cache reader = test::open_cache(path, CacheUse::kRead);
  EXPECT_ERROR(reader.copy_artifact(release.initramfs(), folder / "to"), ErrorCode::kAltered);
  EXPECT_TRUE(fs::exists(initramfs())) << "a reader removes nothing";
  EXPECT_ERROR(cache.copy_artifact(release.initramfs(), folder / "to"), ErrorCode::kAltered);
  EXPECT_FALSE(fs::exists(initramfs()));
  EXPECT_FALSE(fs::exists(folder / "to"));
  EXPECT_FALSE(fs::exists(folder / "to.new"));
  EXPECT_EQ(listed(cache), std::vector<std::string>{"stable 7, incomplete"});
  ASSERT_EQ(cache.verify().size(), 1u);
  EXPECT_EQ(cache.verify().front().error.code, ErrorCode::kNotFound);
  expect_usable();
}

TEST_F(Damage, LeavesWhatWasAtTheDestination) {
  test::write_file(folder / "to", as_bytes("older"));
  flip_byte(initramfs(), 1);
  EXPECT_ERROR(cache.copy_artifact(release.initramfs(), folder / "to"), ErrorCode::kAltered);
  EXPECT_EQ(test::read_file(folder / "to"), "older");
}

TEST_F(Damage, OfAFilesLengthMakesItsReleaseIncomplete) {
  fs::resize_file(initramfs(), 4'000);
  EXPECT_EQ(listed(cache), std::vector<std::string>{"stable 7, incomplete"});
  EXPECT_ERROR(cache.copy_artifact(release.initramfs(), folder / "to"), ErrorCode::kAltered);
  expect_usable();
}

TEST_F(Damage, ThatGrowsAFileToTebibytesIsFoundWithoutReadingIt) {
  fs::resize_file(initramfs(), std::uintmax_t{1} << 40);
  EXPECT_ERROR(cache.copy_artifact(release.initramfs(), folder / "to"), ErrorCode::kAltered);
  expect_usable();
}

TEST_F(Damage, BySymbolicLinksReachesNothingOutside) {
  const std::string outside = folder / "outside";
  fs::create_directory(outside);
  fs::copy_file(initramfs(), outside + "/initramfs");
  const auto before = test::read_file(outside + "/initramfs");
  fs::remove(initramfs());
  fs::create_symlink(outside + "/initramfs", initramfs());  // The right bytes, at the wrong place.
  EXPECT_EQ(listed(cache), std::vector<std::string>{"stable 7, incomplete"});
  EXPECT_FALSE(cache.verify().empty());
  EXPECT_ERROR(cache.copy_artifact(release.initramfs(), folder / "to"), ErrorCode::kAltered);
  for (const char* name : {"manifest.dsse", "release.torrent", "pointer"}) {
    fs::copy_file(in_release(name), outside + "/" + name);
    fs::remove(in_release(name));
    fs::create_symlink(outside + "/" + name, in_release(name));
  }
  EXPECT_TRUE(listed(cache).empty());
  EXPECT_ERROR(cache.manifest(release.hash()), ErrorCode::kAltered);
  EXPECT_ERROR(cache.torrent(release.hash()), ErrorCode::kAltered);
  EXPECT_ERROR(cache.pointer(release.hash(), test::key(1).public_key()), ErrorCode::kAltered);
  fs::create_directory_symlink(outside, path + "/releases/" + std::string(64, 'a'));
  fs::create_directory_symlink(outside, path + "/tmp/" + to_hex(release.hash()));
  fs::create_directory_symlink(outside, path + "/blobs/" + std::string(64, 'b'));
  expect_usable();
  EXPECT_EQ(test::read_file(outside + "/initramfs"), before);
  EXPECT_EQ(test::names_in(outside).size(), 4u);
}

TEST_F(Damage, ThatMakesAPartOfItALinkIsRefusedAtOnce) {
  { const Cache closed = std::move(cache); }
  fs::rename(path + "/blobs", folder / "moved");
  fs::create_directory_symlink(folder / "moved", path + "/blobs");
  EXPECT_ERROR(Cache::open(path, CacheUse::kRead), ErrorCode::kStore);
  EXPECT_ERROR(Cache::open(path, CacheUse::kWrite), ErrorCode::kStore);
  fs::remove(path + "/" + kCacheMarker);
  fs::create_symlink(folder / "moved", path + "/" + kCacheMarker);
  EXPECT_ERROR(Cache::open(path, CacheUse::kRead), ErrorCode::kNotFound);
}

TEST_F(Damage, ByPipesAndFoldersInPlaceOfFilesIsPassedOver) {
  fs::remove(initramfs());
  ASSERT_EQ(::mkfifo(initramfs().c_str(), 0600), 0);
  fs::remove(in_release("pointer"));
  ASSERT_EQ(::mkfifo(in_release("pointer").c_str(), 0600), 0);
  const std::string kernel = test::blob_path(path, *release.manifest().find(Role::kKernel));
  fs::remove(kernel);
  fs::create_directories(kernel + "/deep/er");
  EXPECT_EQ(listed(cache), std::vector<std::string>{"stable 7, incomplete"});
  EXPECT_ERROR(cache.copy_artifact(release.initramfs(), folder / "to"), ErrorCode::kAltered);
  EXPECT_ERROR(cache.pointer(release.hash(), test::key(1).public_key()), ErrorCode::kAltered);
  EXPECT_EQ(cache.verify().size(), 3u);
  expect_usable();
}

TEST_F(Damage, OfAManifestLeavesItsReleaseOut) {
  flip_byte(in_release("manifest.dsse"), 40);
  EXPECT_TRUE(listed(cache).empty());
  EXPECT_ERROR(cache.manifest(release.hash()), ErrorCode::kAltered);
  EXPECT_EQ(cache.verify().size(), 1u);
  expect_usable();
}

TEST_F(Damage, ThatMakesSmallFilesHugeIsFoundBeforeTheyAreRead) {
  fs::resize_file(in_release("manifest.dsse"), std::uintmax_t{1} << 40);
  fs::resize_file(in_release("release.torrent"), std::uintmax_t{1} << 40);
  fs::resize_file(in_release("pointer"), std::uintmax_t{1} << 40);
  EXPECT_TRUE(listed(cache).empty());
  EXPECT_ERROR(cache.manifest(release.hash()), ErrorCode::kAltered);
  EXPECT_ERROR(cache.torrent(release.hash()), ErrorCode::kMalformed);
  EXPECT_ERROR(cache.pointer(release.hash(), test::key(1).public_key()), ErrorCode::kMalformed);
  expect_usable();
}

TEST_F(Damage, ByAManifestThatIsNoneUnderItsRightHashIsPassedOver) {
  const Bytes junk = test::pattern(900);
  const std::string name = path + "/releases/" + to_hex(sha256(junk));
  fs::create_directory(name);
  test::write_file(name + "/manifest.dsse", junk);
  EXPECT_EQ(listed(cache), std::vector<std::string>{"stable 7"});
  ASSERT_EQ(cache.verify().size(), 1u);
  EXPECT_EQ(cache.verify().front().error.code, ErrorCode::kMalformed);
  expect_usable();
}

TEST_F(Damage, ByThousandsOfNamesCostsNoMoreThanTheirNames) {
  for (int i = 0; i < 3'000; ++i) {
    Bytes number(32, 0);
    number[0] = static_cast<std::uint8_t>(i);
    number[1] = static_cast<std::uint8_t>(i >> 8);
    fs::create_directory(path + "/releases/" + to_hex(number));
    test::write_file(path + "/tmp/" + to_hex(number), {});
  }
  EXPECT_EQ(listed(cache), std::vector<std::string>{"stable 7"});
  test::add(cache, SampleRelease(folder, {.version = 8}));
  EXPECT_EQ(test::names_in(path + "/releases").size(), 2u);
  EXPECT_EQ(test::names_in(path + "/tmp").size(), 0u);
  EXPECT_EQ(test::copy_all_out(cache, folder), "");
}

}  // namespace
}  // namespace phase::boot
