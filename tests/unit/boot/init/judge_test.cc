// Goal: the verifier judges by the root that is current, not by the one that the machine began with,
// and takes no document for one that the chain rule does not accept. Method: judge() on a folder with
// root documents beside the release, honest, missing and forged.
#include <gmock/gmock.h>

#include <filesystem>

#include "boot/init/identities.h"
#include "boot/init/verifier.h"
#include "proto/names.h"
#include "tests/unit/proto/roots.h"

namespace phase::boot {
namespace {

using test::company_root;
using test::grant;
using test::key;
using test::next_of;
using test::signed_root;

class Judge : public testing::Test {
 protected:
  Judge() {
    order_.parent = parent_.path();
    order_.policy.root = company_root();
    order_.channel = "stable";
    order_.arch = "x86_64";
    order_.now = WallTime{test::kCreated + 60};
  }

  /// Release 7 in its folder, signed by `signers`; with a rootfs where it is asked for.
  std::string release(const test::KeyNumbers& signers, bool rootfs = false) {
    Manifest document = test::manifest();
    document.artifacts.resize(2);
    if (rootfs) {
      document.artifacts.push_back(document.artifacts[0]);
      document.artifacts[2].role = Role::kRootfs;
      document.artifacts[2].name = "rootfs";
    }
    const Bytes content = test::pattern(5'000);
    for (Artifact& artifact : document.artifacts) {
      artifact.size = content.size();
      artifact.sha256 = sha256(content);
    }
    const Bytes envelope = test::signed_manifest(document, signers);
    const std::string name = release_name("stable", "x86_64", 7, sha256(envelope));
    std::filesystem::create_directories(parent_ / name);
    for (const Artifact& artifact : document.artifacts) {
      test::write_file(parent_ / (name + "/" + artifact.name), content);
    }
    test::write_file(parent_ / (name + "/manifest.dsse"), envelope);
    return name;
  }

  void write_roots(const std::vector<Bytes>& documents) {
    test::write_file(parent_ / kRootsName, encode_root_chain(documents));
  }

  Result<Verdict> judged(const std::string& name) {
    return judge(order_, {name, {}, {}}, system_clock(), {8ULL << 30, 8ULL << 30});
  }

  test::TempFolder parent_;
  VerifierOrder order_;
};

TEST_F(Judge, GoesByTheNewestRootThatTheDocumentsLeadTo) {
  Root second = next_of(company_root());
  second.release = {grant({14, 15}, 2)};
  second.counter = 3;
  const Bytes document = signed_root(second, {1, 2});
  write_roots({document});
  EXPECT_ERROR(judged(release({11, 12})), ErrorCode::kWrongKey) << "its keys were replaced";
  const auto verdict = judged(release({14, 15}));
  ASSERT_TRUE(verdict.ok()) << verdict.error().detail;
  EXPECT_EQ(verdict->root_version, 2u);
  EXPECT_EQ(verdict->root_counter, 3u);
  EXPECT_EQ(verdict->root, to_base64(document));
}

TEST_F(Judge, GoesByTheRootThatItBeganWithWhereNoDocumentIsAStep) {
  order_.policy.root_document = signed_root(company_root(), {1, 2});
  Root evil = next_of(company_root());
  evil.release = {grant({66})};
  const std::vector<Bytes> forged = {signed_root(evil, {1, 66}), signed_root(evil, {66})};
  write_roots(forged);
  EXPECT_ERROR(judged(release({66})), ErrorCode::kWrongKey);
  const auto verdict = judged(release({11, 12}));
  ASSERT_TRUE(verdict.ok()) << verdict.error().detail;
  EXPECT_EQ(verdict->root_version, 1u);
  EXPECT_EQ(verdict->root, to_base64(order_.policy.root_document));
}

TEST_F(Judge, WhatIsNoChainChangesNothing) {
  test::write_file(parent_ / kRootsName, as_bytes("garbage"));
  const auto verdict = judged(release({11, 12}));
  ASSERT_TRUE(verdict.ok()) << verdict.error().detail;
  EXPECT_EQ(verdict->root_version, 1u);
  EXPECT_EQ(verdict->root, "");
}

TEST_F(Judge, AnExpiredRootStopsWhatItsKeysSigned) {
  Root second = next_of(company_root());
  second.expires = order_.now;
  write_roots({signed_root(second, {1, 2})});
  EXPECT_ERROR(judged(release({11, 12})), ErrorCode::kExpired);
}

TEST_F(Judge, TellsOfARootFileSystem) {
  const auto verdict = judged(release({12, 13}, true));
  ASSERT_TRUE(verdict.ok()) << verdict.error().detail;
  ASSERT_TRUE(verdict->rootfs.has_value());
  EXPECT_EQ(verdict->rootfs->size, 5'000u);
}

}  // namespace
}  // namespace phase::boot
