// Goal: of a cache only what every rule accepts now is offered, and what is copied out is right or
// refused. Method: a real cache on disk with a release in it, then damage.
#include "boot/cached_release.h"

#include <filesystem>

#include "boot/release_check.h"
#include "tests/unit/boot/init/release_folder.h"

namespace phase::boot {
namespace {

using test::key;

class CachedReleaseTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(cache_folder());
    ASSERT_TRUE(Cache::create(cache_folder()).ok());
    auto cache = Cache::open(cache_folder(), CacheUse::kWrite);
    ASSERT_TRUE(cache.ok()) << cache.error().detail;
    cache_.emplace(std::move(*cache));
    std::filesystem::create_directories(folder_ / "out");
    ASSERT_TRUE(cache_->add({release_.path("."), test::pattern(100), {}, {}}, {test::kCreated}, {}).ok());
  }
  [[nodiscard]] std::string cache_folder() const { return folder_ / "cache"; }
  [[nodiscard]] CachedReleases ask(std::uint8_t trusted = 1, std::uint64_t min_version = 0,
                                   std::int64_t now = test::kCreated + 60) {
    return {&*cache_, trust_single_key(key(trusted).public_key()),
            {"stable", "x86_64", min_version, {now}}};
  }
  [[nodiscard]] std::string blob_of(const char* name) const {
    for (const Artifact& artifact : release_.document().artifacts) {
      if (artifact.name == name) return cache_folder() + "/blobs/" + to_hex(artifact.sha256);
    }
    return {};
  }
  void flip_a_byte(const std::string& file) {
    std::string content = test::read_file(file);
    content[content.size() / 2] ^= 1;
    test::write_file(file, as_bytes(content));
  }

  test::TempFolder folder_;
  test::ReleaseFolder release_{folder_.path()};
  std::optional<Cache> cache_;
};

TEST_F(CachedReleaseTest, NoCacheHoldsNothing) {
  const CachedReleases none(nullptr, trust_single_key(key(1).public_key()),
                            {"stable", "x86_64", 0, {test::kCreated}});
  EXPECT_TRUE(none.whole().empty());
}

TEST_F(CachedReleaseTest, IsCopiedOutAsItWas) {
  CachedReleases releases = ask();
  ASSERT_EQ(releases.whole().size(), 1u);
  const VerifiedManifest release = releases.whole().front();
  EXPECT_EQ(release.manifest.release_version, 7u);
  EXPECT_TRUE(releases.find(release.envelope_sha256));

  const auto copied = releases.copy(release, folder_ / "out");

  ASSERT_TRUE(copied.ok()) << copied.error().detail;
  EXPECT_EQ(*copied, (folder_ / "out") + "/" + release_.name());
  for (const char* name : {"manifest.dsse", "kernel", "initramfs"}) {
    EXPECT_EQ(test::read_file(*copied + "/" + name), test::read_file(release_.path(name))) << name;
  }
  EXPECT_EQ(releases.torrent(release.envelope_sha256), test::pattern(100));
}

TEST_F(CachedReleaseTest, WhatTheRulesRefuseNowIsNotOffered) {
  EXPECT_TRUE(ask(2).whole().empty()) << "another key is trusted now";
  EXPECT_TRUE(ask(1, 8).whole().empty()) << "below the floor";
  EXPECT_TRUE(ask(1, 0, test::kExpires + 1).whole().empty()) << "expired";
}

TEST_F(CachedReleaseTest, AFlippedByteIsRefusedAndTheReleaseNotOfferedAgain) {
  flip_a_byte(blob_of("kernel"));
  CachedReleases releases = ask();
  ASSERT_EQ(releases.whole().size(), 1u);
  EXPECT_ERROR(releases.copy(releases.whole().front(), folder_ / "out"), ErrorCode::kAltered);
  EXPECT_TRUE(releases.whole().empty());
}

}  // namespace
}  // namespace phase::boot
