#include "node/verify_release.h"

#include <gtest/gtest.h>

#include "release_fixture.h"

namespace phase::node::test {
namespace {

class VerifyRelease : public ::testing::Test {
 protected:
  VerifyRelease() {
    const auto store = open_store(folder_.path() + "/store");
    auto made = publisher_.publish(*store);
    check(made.ok(), "a good release can be published");
    release_ = std::move(*made);
    request_.policy = trust_single_key(publisher_.key.public_key());
    request_.path = release_.folder;
    request_.now = publisher_.clock.wall();
  }
  /// The error of the kernel file.
  std::optional<ErrorCode> kernel_error() {
    const auto report = verify_release(request_);
    if (!report) return report.error().code;
    for (const auto& file : report->files)
      if (file.path.ends_with("/kernel"))
        return file.error ? std::optional(file.error->code) : std::nullopt;
    return ErrorCode::kInternal;
  }
  TempFolder folder_;
  Publisher publisher_{folder_.path()};
  StoredRelease release_;
  VerifyRequest request_;
};

TEST_F(VerifyRelease, AcceptsWhatWasPublishedByFolderAndByFile) {
  EXPECT_EQ(kernel_error(), std::nullopt);
  request_.path += "/manifest.dsse";
  EXPECT_EQ(kernel_error(), std::nullopt);
}

TEST_F(VerifyRelease, EachFlawOfAnArtifactHasItsOwnCode) {
  const auto kernel = release_.folder + "/kernel";
  write(kernel, x86_kernel(1, 20'001));
  EXPECT_EQ(kernel_error(), ErrorCode::kLargerThanSigned);
  write(kernel, x86_kernel(1, 19'999));
  EXPECT_EQ(kernel_error(), ErrorCode::kSmallerThanSigned);
  write(kernel, x86_kernel(1, 20'000));
  EXPECT_EQ(kernel_error(), ErrorCode::kAltered);
  ASSERT_TRUE(real_files().remove_tree(kernel));
  EXPECT_EQ(kernel_error(), ErrorCode::kNotFound);
  ASSERT_TRUE(real_files().make_folder(kernel));
  EXPECT_NE(kernel_error(), std::nullopt);
}

TEST_F(VerifyRelease, EachFlawOfAManifestHasItsOwnCode) {
  const auto code = [&](auto change) {
    auto request = request_;
    change(request);
    const auto report = verify_release(request);
    return report ? ErrorCode::kInternal : report.error().code;
  };
  EXPECT_EQ(code([](auto& r) { r.policy = trust_single_key(key_from(9).public_key()); }),
            ErrorCode::kWrongKey);
  EXPECT_EQ(code([](auto& r) { r.channel = "beta"; }), ErrorCode::kWrongChannel);
  EXPECT_EQ(code([](auto& r) { r.arch = "aarch64"; }), ErrorCode::kWrongArch);
  EXPECT_EQ(code([](auto& r) { r.min_version = 2; }), ErrorCode::kRollback);
  EXPECT_EQ(code([](auto& r) { r.now.seconds += 400 * 86400; }), ErrorCode::kExpired);
  EXPECT_EQ(code([](auto& r) { r.path += "/absent"; }), ErrorCode::kNotFound);
  EXPECT_EQ(code([](auto& r) { r.path += "/kernel"; }), ErrorCode::kMalformed);
  auto envelope = release_.envelope;
  envelope.resize(envelope.size() - 1);
  write(release_.folder + "/manifest.dsse", envelope);
  EXPECT_EQ(code([](auto&) {}), ErrorCode::kMalformed);
}

TEST_F(VerifyRelease, TheManifestAloneIsEnoughWhereAskedFor) {
  ASSERT_TRUE(real_files().remove_tree(release_.folder + "/kernel"));
  request_.artifacts = false;
  EXPECT_TRUE(verify_release(request_));
}

}  // namespace
}  // namespace phase::node::test
