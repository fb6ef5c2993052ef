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

  Result<Verdict> judged(const std::string& name, MemInfo memory = {8ULL << 30, 8ULL << 30}) {
    return judge(order_, {name, {}, {}}, system_clock(), memory);
  }
  /// As the network child leaves a release: with its torrent, and what is not signed.
  std::string whole_release(bool rootfs = false) {
    const std::string name = release({11, 12}, rootfs);
    test::write_file(parent_ / kTorrentName, test::pattern(1'000));
    test::write_file(parent_ / (name + "/SHA256SUMS"), as_bytes("sums"));
    std::filesystem::create_directories(parent_ / (name + "/trust"));
    test::write_file(parent_ / (name + "/trust/2.root.dsse"), as_bytes("root"));
    return name;
  }
  static std::vector<std::string> names(const Verdict& verdict) {
    std::vector<std::string> out;
    for (const VerdictFile& file : verdict.release) out.push_back(file.name);
    return out;
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

// What the next system needs to be a provider: all files of the torrent.
TEST_F(Judge, HandsTheWholeReleaseOver) {
  const auto verdict = judged(whole_release(true));
  ASSERT_TRUE(verdict.ok()) << verdict.error().detail;
  EXPECT_THAT(names(*verdict),
              testing::ElementsAre("SHA256SUMS", "initramfs", "kernel", "manifest.dsse", "rootfs",
                                   "trust/2.root.dsse"));
  EXPECT_EQ(verdict->release[2].size, 5'000u);
  EXPECT_EQ(verdict->report.find("handover"), std::string::npos) << verdict->report;
}

TEST_F(Judge, LeavesTheReleaseOutWhereMemoryIsShortAndSaysSo) {
  const std::string name = whole_release();
  const auto plenty = judged(name);
  ASSERT_TRUE(plenty.ok());
  // The segments' half of the memory: a little more than papers and torrent take.
  Demand demand = plenty->demand;
  demand.handover = 100'000;
  const MemInfo tight{2 * segment_demand(demand), 8ULL << 30};
  const auto verdict = judged(name, tight);
  ASSERT_TRUE(verdict.ok()) << verdict.error().detail;
  EXPECT_TRUE(verdict->hand_over);
  EXPECT_TRUE(verdict->has_torrent);
  EXPECT_FALSE(verdict->release.empty()) << "a release of 15 kB fits there";
  demand.handover = 72'000;
  const auto less = judged(name, {2 * segment_demand(demand), 8ULL << 30});
  ASSERT_TRUE(less.ok());
  EXPECT_TRUE(less->has_torrent);
  EXPECT_THAT(names(*less), testing::IsEmpty());
  EXPECT_NE(less->report.find("release left out: no room for its 1 MiB"), std::string::npos)
      << less->report;
  EXPECT_NE(less->report_line.find("release left out"), std::string::npos);
}

TEST_F(Judge, LeavesTheReleaseOutWhereTheFetchFolderIsFull) {
  const std::string name = whole_release();
  order_.room = 2ULL << 20;
  const auto verdict = judged(name);
  ASSERT_TRUE(verdict.ok());
  EXPECT_FALSE(verdict->release.empty());
  order_.room = (1ULL << 20) + 83'000;
  const auto full = judged(name);
  ASSERT_TRUE(full.ok());
  EXPECT_TRUE(full->hand_over);
  EXPECT_TRUE(full->release.empty());
}

TEST_F(Judge, HandsNothingToServeOverAfterAPrivateBoot) {
  order_.mode = Mode::kPrivate;
  const auto verdict = judged(whole_release());
  ASSERT_TRUE(verdict.ok()) << verdict.error().detail;
  EXPECT_TRUE(verdict->release.empty());
  EXPECT_FALSE(verdict->has_torrent);
  EXPECT_EQ(verdict->report, "");
}

// Files that nobody signed are few and small, or it is no release that anybody could serve.
TEST_F(Judge, HandsNoReleaseOverThatHasFilesOfItsOwn) {
  const std::string name = whole_release();
  test::write_file(parent_ / (name + "/more"), Bytes((1U << 20) + 1, 'm'));
  const auto large = judged(name);
  ASSERT_TRUE(large.ok());
  EXPECT_TRUE(large->release.empty());
  EXPECT_NE(large->report.find("files that no release has"), std::string::npos);
  std::filesystem::remove(parent_ / (name + "/more"));
  EXPECT_FALSE(judged(name)->release.empty());
  test::write_file(parent_ / (name + "/a b"), as_bytes("x"));
  EXPECT_TRUE(judged(name)->release.empty()) << "no name of a file in a release";
}

}  // namespace
}  // namespace phase::boot
