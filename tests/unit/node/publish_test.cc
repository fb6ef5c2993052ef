#include "node/publish.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>

#include "proto/trust.h"
#include "release_fixture.h"

namespace phase::node::test {
namespace {

class Publish : public ::testing::Test {
 protected:
  TempFolder folder_;
  Publisher publisher_{folder_.path()};
  std::unique_ptr<Store> store_ = open_store(folder_.path() + "/store");

  ErrorCode refusal(const PublishOptions& options) {
    const auto made = publish(*store_, publisher_.clock, options);
    return made ? ErrorCode::kInternal : made.error().code;
  }
};

TEST_F(Publish, MakesAReleaseThatAMachineWithTheKeyAccepts) {
  const auto made = publisher_.publish(*store_);
  ASSERT_TRUE(made) << made.error().detail;
  const auto verified =
      verify_manifest(made->envelope, trust_single_key(publisher_.key.public_key()),
                      {.channel = "stable", .arch = "x86_64", .min_version = 1,
                       .now = publisher_.clock.wall()});
  ASSERT_TRUE(verified) << verified.error().detail;
  EXPECT_EQ(verified->manifest.kernel_memory, 50u << 20);
  EXPECT_EQ(verified->manifest.kernel_release, "6.1.0-test");
  EXPECT_EQ(verified->manifest.initramfs_unpacked, 12'288u + 1'024u);
  EXPECT_EQ(verified->manifest.expires.seconds,
            publisher_.clock.wall().seconds + 365 * 86400);
  for (const auto* name : {"manifest.dsse", "kernel", "initramfs", "SHA256SUMS",
                           "SHA256SUMS.minisig"})
    EXPECT_TRUE(real_files().info(made->folder + "/" + name)) << name;
  EXPECT_EQ(made->info.files.size(), 5u);
  EXPECT_EQ(made->pointer.size(), 3u);
}

TEST_F(Publish, VersionAndSeqRise) {
  const auto first = publisher_.publish(*store_);
  ASSERT_TRUE(first);
  publisher_.clock.time.seconds -= 1000;  // a clock that was set back
  const auto second = publisher_.publish(*store_);
  ASSERT_TRUE(second) << second.error().detail;
  EXPECT_EQ(second->manifest.release_version, 2u);
  EXPECT_EQ(second->pointer[0].seq, first->pointer[0].seq + 1);
}

TEST_F(Publish, RefusesAVersionThatIsNotAboveTheLastOne) {
  auto options = publisher_.options();
  options.release_version = 7;
  ASSERT_TRUE(publish(*store_, publisher_.clock, options));
  EXPECT_EQ(refusal(options), ErrorCode::kRollback);
  options.release_version = 6;
  EXPECT_EQ(refusal(options), ErrorCode::kRollback);
  options.release_version = 0;
  EXPECT_EQ(refusal(options), ErrorCode::kUsage);
  options.release_version = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(refusal(options), ErrorCode::kUsage);
  options.release_version = 8;
  EXPECT_TRUE(publish(*store_, publisher_.clock, options));
}

TEST_F(Publish, RefusesAKernelOfAnotherArchitectureAndSaysWhich) {
  write(publisher_.kernel, arm64_kernel());
  const auto made = publish(*store_, publisher_.clock, publisher_.options());
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kWrongArch);
  EXPECT_NE(made.error().detail.find("is a kernel for aarch64"), std::string::npos);
  EXPECT_NE(made.error().detail.find(publisher_.kernel), std::string::npos);
}

TEST_F(Publish, RefusesInputsThatAreNone) {
  auto options = publisher_.options();
  options.kernel = options.initramfs;
  EXPECT_EQ(refusal(options), ErrorCode::kMalformed);
  options = publisher_.options();
  options.initramfs = options.kernel;
  EXPECT_EQ(refusal(options), ErrorCode::kMalformed);
  options = publisher_.options();
  options.kernel += ".absent";
  EXPECT_EQ(refusal(options), ErrorCode::kNotFound);
  options = publisher_.options();
  options.kernel = folder_.path();
  EXPECT_EQ(refusal(options), ErrorCode::kUsage);
  options = publisher_.options();
  options.channel = "../x";
  EXPECT_EQ(refusal(options), ErrorCode::kUsage);
  options = publisher_.options();
  options.arch = "m68k";
  EXPECT_EQ(refusal(options), ErrorCode::kUsage);
  options = publisher_.options();
  options.keys.clear();
  EXPECT_EQ(refusal(options), ErrorCode::kUsage);
  options = publisher_.options();
  options.device_trees = {publisher_.kernel};
  EXPECT_EQ(refusal(options), ErrorCode::kMalformed);
  EXPECT_TRUE(store_->releases().empty());
  EXPECT_EQ(real_files().list(store_->incoming())->size(), 0u) << "staging is left behind";
}

TEST_F(Publish, SeveralKeysSignTheManifest) {
  const auto second = key_from(2);
  auto options = publisher_.options();
  options.keys.push_back(&second);
  const auto made = publish(*store_, publisher_.clock, options);
  ASSERT_TRUE(made);
  auto policy = trust_single_key(publisher_.key.public_key());
  policy.root.release.front().signers = {
      .keys = {publisher_.key.public_key(), second.public_key()}, .threshold = 2};
  EXPECT_TRUE(verify_manifest(made->envelope, policy,
                              {.channel = "stable", .arch = "x86_64", .min_version = 0,
                               .now = publisher_.clock.wall()}));
}

TEST_F(Publish, RenewIsTheNextVersionWithTheSameArtifactsAndALaterExpiry) {
  const auto first = publisher_.publish(*store_);
  ASSERT_TRUE(first);
  publisher_.clock.time.seconds += 1000;
  const auto renewed =
      renew(*store_, publisher_.clock, {.keys = {&publisher_.key}, .channel = "stable"});
  ASSERT_TRUE(renewed) << renewed.error().detail;
  const auto& next = renewed->front();
  EXPECT_EQ(next.manifest.release_version, 2u);
  EXPECT_GT(next.manifest.expires, first->manifest.expires);
  EXPECT_EQ(next.manifest.find(Role::kKernel)->sha256, first->manifest.find(Role::kKernel)->sha256);
  EXPECT_NE(next.info.infohashes, first->info.infohashes);
}

TEST_F(Publish, RenewRefusesWhatWouldNotExpireLaterAndWhatIsNotThere) {
  ASSERT_TRUE(publisher_.publish(*store_));
  const auto sooner = renew(*store_, publisher_.clock,
                            {.keys = {&publisher_.key}, .channel = std::nullopt, .lifetime = 60});
  ASSERT_FALSE(sooner);
  EXPECT_EQ(sooner.error().code, ErrorCode::kUsage);
  const auto absent =
      renew(*store_, publisher_.clock, {.keys = {&publisher_.key}, .channel = "beta"});
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, ErrorCode::kNotFound);
}

// Same size, other content: the disk, or somebody, altered it since. It is not signed again.
TEST_F(Publish, RenewRefusesAnArtifactThatWasAlteredInTheStore) {
  const auto made = publisher_.publish(*store_);
  ASSERT_TRUE(made);
  write(made->folder + "/kernel", x86_kernel(1));
  publisher_.clock.time.seconds += 1000;
  const auto renewed =
      renew(*store_, publisher_.clock, {.keys = {&publisher_.key}, .channel = std::nullopt});
  ASSERT_FALSE(renewed);
  EXPECT_EQ(renewed.error().code, ErrorCode::kAltered);
}

// People check a release with the tools that they have.
TEST_F(Publish, StandardToolsAcceptTheFolder) {
  const auto made = publisher_.publish(*store_);
  ASSERT_TRUE(made);
  const auto run = [&](const std::string& command) {
    return std::system(("cd " + made->folder + " && " + command + " >/dev/null 2>&1").c_str());
  };
  EXPECT_EQ(run("sha256sum --strict -c SHA256SUMS"), 0);
  const auto verify =
      "minisign -V -P " + publisher_.key.public_key().minisign() + " -m SHA256SUMS";
  EXPECT_EQ(run(verify), 0);
  EXPECT_EQ(run(verify + " | grep -qP '^Trusted comment: timestamp:1800000001\\tfile:SHA256SUMS"
                         "\\tchannel:stable\\tarch:x86_64\\tversion:1\\trelease:phase-stable-'"),
            0);
  EXPECT_NE(run("sed -i 's/version:1/version:9/' SHA256SUMS.minisig; " + verify), 0);
  EXPECT_EQ(run("sed -i 's/version:9/version:1/' SHA256SUMS.minisig; " + verify), 0);
  EXPECT_NE(run("echo x >>SHA256SUMS; " + verify), 0);
}

}  // namespace
}  // namespace phase::node::test
