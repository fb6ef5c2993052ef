// Goal: only the signed bytes are accepted, and each way to differ is named. Method: a good folder,
// then one thing wrong with it at a time.
#include "boot/init/verify_release.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "proto/fd.h"
#include "tests/unit/boot/init/release_folder.h"

namespace phase::boot {
namespace {

using testing::HasSubstr;
using phase::test::expectation;
using phase::test::key;
using phase::test::pattern;
using phase::test::ReleaseFolder;
using phase::test::TempFolder;
using phase::test::write_file;

class VerifyRelease : public testing::Test {
 protected:
  Result<VerifiedManifest> verify(const std::string& name) {
    return verify_release(parent_.path(), name, trust_single_key(key(1).public_key()),
                          expectation());
  }
  Result<VerifiedManifest> verify() { return verify(release_.name()); }

  TempFolder parent_;
  ReleaseFolder release_{parent_.path()};
};

TEST_F(VerifyRelease, AcceptsWhatWasSigned) {
  const auto verified = verify();
  ASSERT_TRUE(verified.ok()) << verified.error().detail;
  EXPECT_EQ(verified->manifest.release_version, 7u);
  EXPECT_EQ(verified->signed_by, key(1).public_key().id());
}

TEST_F(VerifyRelease, RefusesOneAlteredBitAnywhere) {
  const Bytes good = pattern(70'001);
  for (const std::size_t at : {std::size_t{0}, std::size_t{35'000}, good.size() - 1}) {
    Bytes bad = good;
    bad[at] ^= 0x10;
    write_file(release_.path("kernel"), bad);
    const auto refused = verify();
    EXPECT_ERROR(refused, ErrorCode::kAltered);
    EXPECT_THAT(refused.error().detail, HasSubstr("kernel"));
  }
}

TEST_F(VerifyRelease, RefusesAnotherSizeAndNamesTheFile) {
  Bytes content = pattern(1'234);
  content.pop_back();
  write_file(release_.path("initramfs"), content);
  auto refused = verify();
  EXPECT_ERROR(refused, ErrorCode::kSmallerThanSigned);
  EXPECT_THAT(refused.error().detail, HasSubstr("initramfs has 1233 bytes, signed are 1234"));
  content.resize(1'235);
  write_file(release_.path("initramfs"), content);
  EXPECT_ERROR(verify(), ErrorCode::kLargerThanSigned);
}

TEST_F(VerifyRelease, RefusesAMissingFile) {
  std::filesystem::remove(release_.path("kernel"));
  EXPECT_ERROR(verify(), ErrorCode::kSmallerThanSigned);
  std::filesystem::remove(release_.path("manifest.dsse"));
  EXPECT_ERROR(verify(), ErrorCode::kSmallerThanSigned);
}

TEST_F(VerifyRelease, RefusesAnotherKey) {
  const TempFolder parent;
  const ReleaseFolder other(parent.path(), 2);
  EXPECT_ERROR(verify_release(parent.path(), other.name(), trust_single_key(key(1).public_key()),
                              expectation()),
               ErrorCode::kWrongKey);
}

TEST_F(VerifyRelease, HoldsThePolicy) {
  const TrustPolicy policy = trust_single_key(key(1).public_key());
  Expectation expected = expectation();
  expected.channel = "testing";
  EXPECT_ERROR(verify_release(parent_.path(), release_.name(), policy, expected),
               ErrorCode::kWrongChannel);
  expected = expectation();
  expected.arch = "aarch64";
  EXPECT_ERROR(verify_release(parent_.path(), release_.name(), policy, expected),
               ErrorCode::kWrongArch);
  expected = expectation();
  expected.now = WallTime{test::kExpires + 1};
  EXPECT_ERROR(verify_release(parent_.path(), release_.name(), policy, expected),
               ErrorCode::kExpired);
  expected = expectation();
  expected.min_version = 8;
  EXPECT_ERROR(verify_release(parent_.path(), release_.name(), policy, expected),
               ErrorCode::kRollback);
}

TEST_F(VerifyRelease, RefusesAManifestOverItsLimit) {
  write_file(release_.path("manifest.dsse"), Bytes(kMaxEnvelopeBytes + 1, 'x'));
  EXPECT_ERROR(verify(), ErrorCode::kMalformed);
}

TEST_F(VerifyRelease, RefusesAFolderOfAnotherName) {
  std::filesystem::rename(parent_ / release_.name(), parent_ / "phase-stable-x86_64-8-00000000");
  EXPECT_ERROR(verify("phase-stable-x86_64-8-00000000"), ErrorCode::kMalformed);
  for (const char* name : {"", "..", "/", "../x", "a/b", "a\nb"}) {
    EXPECT_ERROR(verify(name), ErrorCode::kMalformed) << name;
  }
}

// Right bytes by way of a link could be other bytes a moment later.
TEST_F(VerifyRelease, FollowsNoSymbolicLink) {
  std::filesystem::rename(release_.path("kernel"), parent_ / "elsewhere");
  std::filesystem::create_symlink(parent_ / "elsewhere", release_.path("kernel"));
  EXPECT_ERROR(verify(), ErrorCode::kStore);
  std::filesystem::remove(release_.path("kernel"));
  ASSERT_EQ(::mkfifo(release_.path("kernel").c_str(), 0600), 0);
  EXPECT_ERROR(verify(), ErrorCode::kStore);
}

TEST_F(VerifyRelease, FollowsNoLinkInPlaceOfTheFolder) {
  const TempFolder other;
  std::filesystem::create_directory_symlink(parent_ / release_.name(), other / release_.name());
  EXPECT_ERROR(verify_release(other.path(), release_.name(),
                              trust_single_key(key(1).public_key()), expectation()),
               ErrorCode::kStore);
  const Fd outside(open_below(other.path(), "../" + release_.name(), O_RDONLY));
  EXPECT_FALSE(outside.valid());
}

}  // namespace
}  // namespace phase::boot
