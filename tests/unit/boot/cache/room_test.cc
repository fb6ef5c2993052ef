// Goal: a cache keeps to its limit and to its disk; what was used least recently goes first, and
// nothing goes for nothing. Method: limits, wrong clocks, a small tmpfs and a read-only one in a
// mount namespace.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "tests/unit/boot/cache/support.h"

namespace phase::boot {
namespace {

using test::listed;
using test::ReleaseSpec;
using test::SampleRelease;
using test::TempFolder;
using Names = std::vector<std::string>;

struct Room : ::testing::Test {
  SampleRelease made(std::uint64_t version, std::size_t initramfs = 100'000) const {
    return SampleRelease(folder, {.version = version, .initramfs_size = initramfs});
  }
  TempFolder folder;
  std::string path = test::make_cache(folder);
};

TEST_F(Room, IsMadeByWhatWasUsedLeastRecently) {
  Cache cache = test::open_cache(path, CacheUse::kWrite, 450'000);  // Kernel and three initramfs.
  EXPECT_EQ(cache.limit(), 450'000u);
  const SampleRelease first = made(1);
  test::add(cache, first, 1'000'000'000);
  test::add(cache, made(2), 1'000'000'100);
  test::add(cache, made(3), 1'000'000'200);
  EXPECT_EQ(listed(cache), (Names{"stable 3", "stable 2", "stable 1"}));
  cache.touch(first.hash(), WallTime{1'000'000'300});
  test::add(cache, made(4), 1'000'000'400);
  EXPECT_EQ(listed(cache), (Names{"stable 4", "stable 3", "stable 1"}));
  EXPECT_LE(cache.used_bytes(), cache.limit());
  EXPECT_EQ(test::names_in(path + "/blobs").size(), 5u) << "the shared kernel stays";
  EXPECT_EQ(test::copy_all_out(cache, folder), "");
  EXPECT_TRUE(cache.verify().empty());
}

TEST_F(Room, IsMadeInTheSameOrderByAClockThatGoesBack) {
  Cache cache = test::open_cache(path, CacheUse::kWrite, 450'000);
  test::add(cache, made(1), 1'900'000'000);
  test::add(cache, made(2), 0);  // A machine without a clock.
  test::add(cache, made(3), 5);
  test::add(cache, made(4), 0);
  EXPECT_EQ(listed(cache), (Names{"stable 4", "stable 3", "stable 2"}));
}

TEST_F(Room, IsMadeInTheSameOrderWhereADiskNamesTheEndOfTime) {
  Cache cache = test::open_cache(path, CacheUse::kWrite, 450'000);
  const SampleRelease first = made(1);
  test::add(cache, first, 100);
  test::add(cache, made(2), 200);
  // More than a file system can say becomes the latest time that it can say.
  const std::string manifest = path + "/releases/" + to_hex(first.hash()) + "/manifest.dsse";
  const timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT},
                             {.tv_sec = INT64_MAX, .tv_nsec = 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, manifest.c_str(), times, 0), 0);
  test::add(cache, made(3), 300);  // Now 2, 1, 3 from the least recently used one.
  test::add(cache, made(4), 400);
  EXPECT_EQ(listed(cache), (Names{"stable 4", "stable 3", "stable 1"}));
  test::add(cache, made(5), 1'900'000'000);
  EXPECT_EQ(listed(cache), (Names{"stable 5", "stable 4", "stable 3"}));
}

TEST_F(Room, IsNotMadeForWhatCanNeverFit) {
  Cache cache = test::open_cache(path, CacheUse::kWrite, 450'000);
  test::add(cache, made(1));
  test::add(cache, made(2));
  const auto added = cache.add(made(3, 500'000).entry(), WallTime{1}, {});
  EXPECT_ERROR(added, ErrorCode::kStore);
  EXPECT_NE(added.error().detail.find("450000"), std::string::npos) << added.error().detail;
  EXPECT_EQ(listed(cache), (Names{"stable 2", "stable 1"}));
}

TEST_F(Room, ForOneReleaseMakesAllOthersGo) {
  Cache cache = test::open_cache(path, CacheUse::kWrite, 450'000);
  for (const std::uint64_t version : {1, 2, 3}) test::add(cache, made(version));
  test::add(cache, made(4, 360'000));
  EXPECT_EQ(listed(cache), Names{"stable 4"});
  EXPECT_EQ(test::copy_all_out(cache, folder), "");
}

TEST_F(Room, OfTheListIsKeptToToo) {
  Cache cache = test::open_cache(path);
  for (std::uint64_t version = 1; version <= kMaxCachedReleases + 3; ++version) {
    test::add(cache, SampleRelease(folder, {.version = version, .kernel_size = 40,
                                            .initramfs_size = 30}));
  }
  EXPECT_EQ(cache.list().size(), kMaxCachedReleases);
  EXPECT_EQ(test::names_in(path + "/releases").size(), kMaxCachedReleases);
  EXPECT_EQ(listed(cache).back(), "stable 4");
}

TEST_F(Room, IsGivenBackByCollect) {
  Cache cache = test::open_cache(path);
  for (const std::uint64_t version : {1, 2, 3}) test::add(cache, made(version));
  test::write_file(path + "/tmp/left", test::pattern(1'000));
  test::write_file(path + "/blobs/" + std::string(64, 'c'), test::pattern(2'000));
  const std::uint64_t before = cache.used_bytes();
  const auto leftovers = cache.collect(0);
  ASSERT_TRUE(leftovers) << leftovers.error().detail;
  EXPECT_EQ(*leftovers, 3'000u);
  EXPECT_EQ(cache.used_bytes(), before - 3'000);
  const auto freed = cache.collect(200'000);
  ASSERT_TRUE(freed) << freed.error().detail;
  EXPECT_EQ(cache.used_bytes(), before - 3'000 - *freed);
  EXPECT_LE(cache.used_bytes(), 200'000u);
  EXPECT_EQ(listed(cache), Names{"stable 3"});
  EXPECT_EQ(test::copy_all_out(cache, folder), "");
}

std::string mount_tmpfs(const std::string& at, const char* options) {
  if (::mount("cache", at.c_str(), "tmpfs", 0, options) == 0) return "";
  return std::string("tmpfs: ") + std::strerror(errno);
}

TEST_F(Room, OfAFullDiskIsMadeByEviction) {
  const SampleRelease first = made(1, 150'000);
  const SampleRelease second = made(2, 150'000);
  const SampleRelease third = made(3, 150'000);
  const SampleRelease huge = made(4, 900'000);
  const std::string failed = test::in_own_mounts([&](const std::string& at) -> std::string {
    if (auto error = mount_tmpfs(at, "size=512k"); !error.empty()) return error;
    if (!Cache::create(at)) return "create";
    auto cache = Cache::open(at, CacheUse::kWrite, 1 << 30);
    if (!cache) return cache.error().detail;
    const TempFolder scratch;
    for (const SampleRelease* one : {&first, &second, &third}) {
      if (auto added = cache->add(one->entry(), WallTime{1}, {}); !added) {
        return added.error().detail;
      }
    }
    if (listed(*cache) != Names{"stable 3", "stable 2"}) return "the first did not make room";
    const auto refused = cache->add(huge.entry(), WallTime{1}, {});
    if (refused || refused.error().code != ErrorCode::kStore) return "a huge one was taken";
    if (listed(*cache) != Names{"stable 3", "stable 2"}) return "one went for nothing";
    if (!cache->verify().empty()) return "something is altered";
    return test::copy_all_out(*cache, scratch);
  });
  EXPECT_EQ(failed, "");
}

TEST_F(Room, ThatSomebodyElseFillsIsNamed) {
  const SampleRelease first = made(1);
  const SampleRelease second = made(2);
  const std::string failed = test::in_own_mounts([&](const std::string& at) -> std::string {
    if (auto error = mount_tmpfs(at, "size=512k"); !error.empty()) return error;
    if (!Cache::create(at)) return "create";
    auto cache = Cache::open(at, CacheUse::kWrite);
    if (!cache) return cache.error().detail;
    if (auto added = cache->add(first.entry(), WallTime{1}, {}); !added) {
      return added.error().detail;
    }
    std::ofstream(at + "/foreign") << std::string(600'000, 'f');  // As much as there is room for.
    const auto added = cache->add(second.entry(), WallTime{1}, {});
    if (added || added.error().code != ErrorCode::kStore) return "there was room";
    if (listed(*cache) != Names{"stable 1"}) return "what was there before is gone";
    const TempFolder scratch;
    return test::copy_all_out(*cache, scratch);
  });
  EXPECT_EQ(failed, "");
}

TEST_F(Room, OfAReadOnlyDiskIsForReading) {
  const SampleRelease release = made(1);
  const std::string failed = test::in_own_mounts([&](const std::string& at) -> std::string {
    if (auto error = mount_tmpfs(at, "size=2m"); !error.empty()) return error;
    if (!Cache::create(at)) return "create";
    {
      auto cache = Cache::open(at, CacheUse::kWrite);
      if (!cache || !cache->add(release.entry(), WallTime{1}, {})) return "add";
    }
    if (::mount(nullptr, at.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) != 0) {
      return "remount";
    }
    const auto writer = Cache::open(at, CacheUse::kWrite);
    if (writer || writer.error().code != ErrorCode::kStore) return "opened for writing";
    const auto reader = Cache::open(at, CacheUse::kRead);
    if (!reader) return reader.error().detail;
    if (listed(*reader) != Names{"stable 1"}) return "nothing is listed";
    const TempFolder scratch;
    return test::copy_all_out(*reader, scratch);
  });
  EXPECT_EQ(failed, "");
}

}  // namespace
}  // namespace phase::boot
