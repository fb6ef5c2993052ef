// Goal: what is put into a cache comes out again, bit for bit and under the rules of its header.
// Method: real folders, small real releases, everything through the public interface.
#include "boot/cache/cache.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tests/unit/boot/cache/support.h"

namespace phase::boot {
namespace {

namespace fs = std::filesystem;
using test::listed;
using test::SampleRelease;
using test::TempFolder;

struct CacheTest : ::testing::Test {
  TempFolder folder;
  std::string path = test::make_cache(folder);
};

TEST_F(CacheTest, GivesBackWhatWasAdded) {
  const SampleRelease release(folder, {.version = 7});
  Cache cache = test::open_cache(path);
  std::vector<std::uint64_t> steps;
  const auto added = cache.add(release.entry(), WallTime{1'800'000'000},
                               [&](std::uint64_t bytes) { steps.push_back(bytes); });
  ASSERT_TRUE(added) << added.error().detail;

  ASSERT_EQ(listed(cache), std::vector<std::string>{"stable 7"});
  const CachedRelease one = cache.list().front();
  EXPECT_EQ(one.manifest_sha256, release.hash());
  EXPECT_EQ(one.bytes, release.manifest().total_bytes());
  EXPECT_EQ(one.last_used, 1'800'000'000);
  EXPECT_EQ(as_text(*cache.manifest(release.hash())),
            test::read_file(release.folder() + "/manifest.dsse"));
  EXPECT_EQ(*cache.torrent(release.hash()), release.entry().torrent);
  const auto pointer = cache.pointer(release.hash(), test::key(1).public_key());
  ASSERT_TRUE(pointer) << pointer.error().detail;
  EXPECT_EQ(pointer->front().value, release.entry().pointer.front().value);
  EXPECT_EQ(test::copy_all_out(cache, folder), "");
  EXPECT_TRUE(cache.verify().empty());
  ASSERT_FALSE(steps.empty());
  EXPECT_TRUE(std::is_sorted(steps.begin(), steps.end()));
  EXPECT_EQ(steps.back(), release.manifest().total_bytes());
}

TEST_F(CacheTest, IsThereForTheNextProcess) {
  const SampleRelease release(folder, {.version = 7});
  {
    Cache cache = test::open_cache(path);
    test::add(cache, release);
  }
  const Cache reader = test::open_cache(path, CacheUse::kRead);
  EXPECT_EQ(listed(reader), std::vector<std::string>{"stable 7"});
  EXPECT_EQ(test::copy_all_out(reader, folder), "");
  EXPECT_EQ(test::names_in(path + "/tmp"), std::vector<std::string>{});
}

TEST_F(CacheTest, KeepsAFileThatTwoReleasesShareOnce) {
  const SampleRelease old_one(folder, {.version = 1});
  const SampleRelease new_one(folder, {.version = 2});
  Cache cache = test::open_cache(path);
  test::add(cache, old_one);
  const std::string kernel = test::blob_path(path, *new_one.manifest().find(Role::kKernel));
  const auto written = fs::last_write_time(kernel);
  test::add(cache, new_one);
  EXPECT_EQ(fs::last_write_time(kernel), written) << "written again";
  EXPECT_EQ(test::names_in(path + "/blobs").size(), 4u);  // kernel, device tree, two initramfs
  EXPECT_EQ(listed(cache), (std::vector<std::string>{"stable 2", "stable 1"}));
}

TEST_F(CacheTest, RefreshesThePointerOfAReleaseThatItHas) {
  const SampleRelease release(folder, {.version = 7});
  Cache cache = test::open_cache(path);
  test::add(cache, release);
  CacheEntry again = release.entry();
  again.pointer.front() = sign_item(test::key(1), again.pointer.front().salt, 6,
                                    again.pointer.front().value);
  ASSERT_TRUE(cache.add(again, WallTime{1'900'000'000}, {}));
  EXPECT_EQ(cache.pointer(release.hash(), test::key(1).public_key())->front().seq, 6);
  EXPECT_EQ(cache.list().front().last_used, 1'900'000'000);
  EXPECT_EQ(test::names_in(path + "/tmp"), std::vector<std::string>{});
}

TEST_F(CacheTest, SaysWhatItDoesNotHave) {
  const SampleRelease release(folder, {.version = 7});
  const Cache cache = test::open_cache(path);
  EXPECT_ERROR(cache.manifest(release.hash()), ErrorCode::kNotFound);
  EXPECT_ERROR(cache.torrent(release.hash()), ErrorCode::kNotFound);
  EXPECT_ERROR(cache.pointer(release.hash(), test::key(1).public_key()), ErrorCode::kNotFound);
  EXPECT_ERROR(cache.copy_artifact(release.initramfs(), folder / "to"), ErrorCode::kNotFound);
  EXPECT_FALSE(fs::exists(folder / "to"));
}

TEST_F(CacheTest, RefusesAPointerOfAnotherKeyOrRelease) {
  const SampleRelease release(folder, {.version = 7});
  const SampleRelease other(folder, {.version = 8});
  Cache cache = test::open_cache(path);
  CacheEntry entry = release.entry();
  entry.pointer = other.entry().pointer;
  ASSERT_TRUE(cache.add(entry, WallTime{1}, {}));
  EXPECT_ERROR(cache.pointer(release.hash(), test::key(2).public_key()), ErrorCode::kWrongKey);
  EXPECT_ERROR(cache.pointer(release.hash(), test::key(1).public_key()), ErrorCode::kAltered);
}

TEST_F(CacheTest, LetsOnlyOneWriterInAndAnyReaders) {
  const SampleRelease release(folder, {.version = 7});
  Cache writer = test::open_cache(path);
  const auto second = Cache::open(path, CacheUse::kWrite);
  EXPECT_ERROR(second, ErrorCode::kStore);
  EXPECT_NE(second.error().detail.find("another process writes"), std::string::npos);
  test::add(writer, release);
  EXPECT_EQ(listed(test::open_cache(path, CacheUse::kRead)).size(), 1u);
  {
    const Cache moved = std::move(writer);
    EXPECT_ERROR(Cache::open(path, CacheUse::kWrite), ErrorCode::kStore);
  }
  EXPECT_TRUE(Cache::open(path, CacheUse::kWrite));
}

TEST_F(CacheTest, WritesNothingWhereItWasOpenedForReading) {
  const SampleRelease release(folder, {.version = 7});
  Cache cache = test::open_cache(path, CacheUse::kRead);
  EXPECT_ERROR(cache.add(release.entry(), WallTime{1}, {}), ErrorCode::kStore);
  EXPECT_ERROR(cache.collect(0), ErrorCode::kStore);
  EXPECT_EQ(test::names_in(path), std::vector<std::string>{kCacheMarker});
}

TEST(CacheMarker, MakesACacheOfAnEmptyFolderOnly) {
  const TempFolder folder;
  const std::string fresh = folder / "fresh";
  fs::create_directories(fresh + "/lost+found");  // A new ext4 has one.
  EXPECT_TRUE(Cache::create(fresh));
  EXPECT_ERROR(Cache::create(fresh), ErrorCode::kUsage);
  EXPECT_TRUE(Cache::open(fresh, CacheUse::kRead));

  const std::string foreign = folder / "foreign";
  fs::create_directories(foreign);
  test::write_file(foreign + "/letter.txt", as_bytes("mine"));
  EXPECT_ERROR(Cache::create(foreign), ErrorCode::kUsage);
  EXPECT_ERROR(Cache::open(foreign, CacheUse::kWrite), ErrorCode::kNotFound);
  EXPECT_EQ(test::names_in(foreign), std::vector<std::string>{"letter.txt"});

  EXPECT_ERROR(Cache::create(folder / "absent"), ErrorCode::kUsage);
  EXPECT_ERROR(Cache::open(folder / "absent", CacheUse::kRead), ErrorCode::kNotFound);
}

TEST(CacheMarker, ClaimsAFreshFileSystemAndNothingElse) {
  const TempFolder folder;
  const std::string fresh = folder / "fresh";
  fs::create_directories(fresh + "/lost+found");
  EXPECT_TRUE(Cache::claim(fresh, CacheUse::kRead));
  EXPECT_EQ(test::names_in(fresh), std::vector<std::string>{"lost+found"}) << "only read";
  EXPECT_TRUE(Cache::claim(fresh, CacheUse::kWrite));
  EXPECT_TRUE(Cache::open(fresh, CacheUse::kWrite));
  EXPECT_TRUE(Cache::claim(fresh, CacheUse::kWrite)) << "it is one already";

  const std::string foreign = folder / "foreign";
  fs::create_directories(foreign + "/lost+found");
  test::write_file(foreign + "/a\nb", as_bytes("mine"));
  const auto refused = Cache::claim(foreign, CacheUse::kWrite);
  EXPECT_ERROR(refused, ErrorCode::kNotFound);
  EXPECT_NE(refused.error().detail.find("(a?b)"), std::string::npos) << refused.error().detail;
  EXPECT_EQ(test::names_in(foreign), (std::vector<std::string>{"a\nb", "lost+found"}));
}

TEST_F(CacheTest, IsGivenToOneOwnerWithAllThatIsInIt) {
  const SampleRelease release(folder, {.version = 7});
  {
    Cache cache = test::open_cache(path);
    test::add(cache, release);
  }
  const std::string outside = folder / "outside";
  test::write_file(outside, as_bytes("mine"));
  const std::string inside = path + "/releases/" + to_hex(release.hash());
  fs::create_symlink(outside, inside + "/link");
  // Only root can give anything to another; to itself everybody can.
  const uid_t owner = ::geteuid() == 0 ? 12'345 : ::geteuid();
  const auto given = Cache::give(path, owner);
  ASSERT_TRUE(given) << given.error().detail;
  const auto owner_of = [](const std::string& file) {
    struct stat found {};
    EXPECT_EQ(::lstat(file.c_str(), &found), 0) << file;
    return found.st_uid;
  };
  for (const std::string& file :
       {path + "/PHASECACHE", path + "/blobs", path + "/releases", path + "/floors", path + "/tmp",
        inside, inside + "/manifest.dsse", inside + "/pointer", inside + "/link"}) {
    EXPECT_EQ(owner_of(file), owner) << file;
  }
  EXPECT_EQ(owner_of(outside), ::geteuid());
}

TEST_F(CacheTest, LeavesACacheOfALaterFormatAlone) {
  test::write_file(path + "/" + kCacheMarker, as_bytes("phase-cache 2\n"));
  EXPECT_ERROR(Cache::open(path, CacheUse::kWrite), ErrorCode::kConfig);
  EXPECT_EQ(test::names_in(path), std::vector<std::string>{kCacheMarker});
}

TEST_F(CacheTest, RefusesASourceThatIsNotWhatItsManifestSays) {
  const SampleRelease kept(folder, {.version = 1});
  const SampleRelease altered(folder, {.version = 2});
  Cache cache = test::open_cache(path);
  test::add(cache, kept);
  const auto before = test::names_in(path + "/blobs");
  Bytes wrong = test::pattern(static_cast<std::size_t>(altered.initramfs().size));
  wrong[17] ^= 1;
  test::write_file(altered.folder() + "/initramfs", wrong);
  EXPECT_ERROR(cache.add(altered.entry(), WallTime{1}, {}), ErrorCode::kAltered);
  fs::remove(altered.folder() + "/initramfs");
  fs::create_symlink(kept.folder() + "/initramfs", altered.folder() + "/initramfs");
  EXPECT_ERROR(cache.add(altered.entry(), WallTime{1}, {}), ErrorCode::kAltered);
  EXPECT_EQ(test::names_in(path + "/blobs"), before);
  EXPECT_EQ(test::names_in(path + "/tmp"), std::vector<std::string>{});
  EXPECT_EQ(listed(cache), std::vector<std::string>{"stable 1"});
}

TEST_F(CacheTest, ListsTheNewestVersionFirstInEachChannel) {
  Cache cache = test::open_cache(path);
  for (const std::uint64_t version : {2, 9, 5}) {
    test::add(cache, SampleRelease(folder, {.version = version}));
  }
  test::add(cache, SampleRelease(folder, {.version = 3, .channel = "beta"}));
  EXPECT_EQ(listed(cache), (std::vector<std::string>{"beta 3", "stable 9", "stable 5",
                                                     "stable 2"}));
}

}  // namespace
}  // namespace phase::boot
