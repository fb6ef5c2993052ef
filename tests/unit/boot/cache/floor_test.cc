// Goal: the rollback floor is what the current trust says about stored manifests: never lower
// because something had to make room, never raised by what is not signed.
// Method: stores with several versions, signers and evictions, asked under several policies.
#include <filesystem>

#include "tests/unit/boot/cache/support.h"

namespace phase::boot {
namespace {

using test::SampleRelease;
using test::TempFolder;

struct Floor : ::testing::Test {
  [[nodiscard]] std::uint64_t of(std::uint8_t signer, const std::string& channel = "stable") const {
    return cache.floor(trust_single_key(test::key(signer).public_key()), channel, "x86_64");
  }
  SampleRelease added(const test::ReleaseSpec& spec) {
    SampleRelease release(folder, spec);
    test::add(cache, release);
    return release;
  }
  TempFolder folder;
  std::string path = test::make_cache(folder);
  Cache cache = test::open_cache(path);
};

TEST_F(Floor, IsTheHighestVersionOfTheChannelAndArchitecture) {
  EXPECT_EQ(of(1), 0u);
  added({.version = 9});
  added({.version = 4});
  added({.version = 30, .channel = "beta"});
  EXPECT_EQ(of(1), 9u);
  EXPECT_EQ(of(1, "beta"), 30u);
  EXPECT_EQ(of(1, "nightly"), 0u);
  EXPECT_EQ(cache.floor(trust_single_key(test::key(1).public_key()), "stable", "aarch64"), 0u);
}

TEST_F(Floor, CountsOnlyWhatThePolicyTrustsNow) {
  added({.version = 9, .signer = 2});
  added({.version = 4, .signer = 1});
  EXPECT_EQ(of(1), 4u);
  EXPECT_EQ(of(2), 9u);
  EXPECT_EQ(of(3), 0u);
  TrustPolicy two = trust_single_key(test::key(1).public_key());
  RoleKeys& signers = two.root.release.front().signers;
  signers.keys.push_back(test::key(2).public_key());
  EXPECT_EQ(cache.floor(two, "stable", "x86_64"), 9u);
  signers.threshold = 2;
  EXPECT_EQ(cache.floor(two, "stable", "x86_64"), 0u);
}

TEST_F(Floor, HoldsAnExpiredReleaseAndOneBelowThePolicysOwn) {
  added({.version = 9});  // It expires in 2027.
  TrustPolicy policy = trust_single_key(test::key(1).public_key());
  policy.time_floor = WallTime{4'000'000'000};
  policy.min_version["stable"] = 50;
  EXPECT_EQ(cache.floor(policy, "stable", "x86_64"), 9u);
}

TEST_F(Floor, StaysWhenItsReleaseHasToMakeRoom) {
  added({.version = 9, .channel = "beta"});
  added({.version = 4, .channel = "beta", .signer = 2});
  added({.version = 3});
  const auto freed = cache.collect(1);
  ASSERT_TRUE(freed) << freed.error().detail;
  EXPECT_TRUE(cache.list().empty());
  EXPECT_EQ(test::names_in(path + "/blobs"), std::vector<std::string>{});
  EXPECT_EQ(of(1, "beta"), 9u);
  EXPECT_EQ(of(2, "beta"), 4u);
  EXPECT_EQ(of(1), 3u);
  added({.version = 10, .channel = "beta"});
  EXPECT_EQ(of(1, "beta"), 10u);
  EXPECT_EQ(test::names_in(path + "/floors").size(), 2u) << "one that a release stands for stays";
}

TEST_F(Floor, StaysWhenItMadeRoomForNothing) {
  { const Cache closed = std::move(cache); }
  cache = test::open_cache(path, CacheUse::kWrite, 100'000);  // One release, not two.
  added({.version = 9, .initramfs_size = 25'000});
  const SampleRelease altered(folder, {.version = 10, .initramfs_size = 25'000});
  std::filesystem::resize_file(altered.folder() + "/initramfs", 24'000);
  EXPECT_ERROR(cache.add(altered.entry(), WallTime{1}, {}), ErrorCode::kAltered);
  EXPECT_TRUE(cache.list().empty()) << "nothing had to make room";
  EXPECT_EQ(of(1), 9u);
}

TEST_F(Floor, IsNotRaisedByAnAlteredOrForeignManifest) {
  const SampleRelease release = added({.version = 9});
  ASSERT_TRUE(cache.collect(1));
  const std::string name = path + "/floors/" + to_hex(release.hash());
  Bytes bytes(64, 'x');
  test::write_file(path + "/floors/" + to_hex(sha256(bytes)), bytes);
  EXPECT_EQ(of(1), 9u);
  std::filesystem::resize_file(name, 50);
  EXPECT_EQ(of(1), 0u);
  EXPECT_EQ(cache.verify().size(), 2u);
  ASSERT_TRUE(cache.collect(0));
  EXPECT_EQ(test::names_in(path + "/floors"), std::vector<std::string>{});
}

}  // namespace
}  // namespace phase::boot
