// Goal: a person who edits roles gets exactly what was asked for, or hears why not; nobody ends up
// with a role that its keys cannot meet. Method: documents are made and read, nothing is signed.
#include "node/trust_document.h"

#include <gtest/gtest.h>

#include "node/trust_files.h"
#include "tests/unit/node/role_fixture.h"

namespace phase::node::test {
namespace {

class TrustDocument : public ::testing::Test {
 protected:
  Organisation org_;
  [[nodiscard]] static ErrorCode code(const Result<Root>& made) {
    return made ? ErrorCode::kInternal : made.error().code;
  }
};

TEST_F(TrustDocument, ASingleKeyGrowsIntoRolesAsVersionTwo) {
  const Root root = org_.grown();
  EXPECT_EQ(root.version, 2u);
  EXPECT_EQ(root.root.threshold, 2);
  EXPECT_EQ(root.root.keys, org_.holders());
  EXPECT_EQ(root.pointer_keys("stable", "x86_64"), std::vector{org_.pointer.public_key()});
  EXPECT_EQ(root.release_role("beta", "aarch64")->threshold, 2);
  EXPECT_EQ(root.expires.seconds, Organisation::now().seconds + 2 * 365 * 86400);
}

// Three keys of which any one is enough is what nobody means by naming three.
TEST_F(TrustDocument, SeveralKeysNeedAThresholdThatSomebodySaid) {
  RootChanges changes;
  changes.root.set = org_.holders();
  changes.pointer.set = {org_.pointer.public_key()};
  EXPECT_EQ(code(first_root(changes, Organisation::now())), ErrorCode::kUsage);
  EXPECT_EQ(code(next_root(virtual_root(org_.single.public_key()), changes, Organisation::now())),
            ErrorCode::kUsage);
}

TEST_F(TrustDocument, RefusesAThresholdThatCannotBeMet) {
  for (const std::int64_t threshold : {std::int64_t{-1}, std::int64_t{4}, std::int64_t{1} << 31}) {
    RootChanges changes;
    changes.root.threshold = threshold;
    EXPECT_EQ(code(next_root(org_.grown(), changes, Organisation::now())), ErrorCode::kUsage)
        << threshold;
  }
}

TEST_F(TrustDocument, TheNarrowGrantDecidesBeforeTheOneForEverything) {
  RootChanges changes;
  changes.release_grants = {*read_grant("stable/x86_64=2:" + org_.alice.public_key().hex() + "," +
                                        org_.dora.public_key().hex())};
  const auto root = next_root(org_.grown(), changes, Organisation::now());
  ASSERT_TRUE(root) << root.error().detail;
  EXPECT_EQ(root->release_role("stable", "x86_64")->keys.size(), 2u);
  EXPECT_EQ(root->release_role("stable", "aarch64")->keys.size(), 3u);
  changes = {};
  changes.drop_release = {"stable/x86_64"};
  const auto back = next_root(*root, changes, Organisation::now());
  ASSERT_TRUE(back) << back.error().detail;
  EXPECT_EQ(back->release_role("stable", "x86_64")->keys.size(), 3u);
  EXPECT_EQ(code(next_root(*back, changes, Organisation::now())), ErrorCode::kNotFound);
}

TEST_F(TrustDocument, RevokingTakesAKeyOutOfEveryRole) {
  const auto next = revoke_key(org_.grown(), org_.carol.public_key(), std::nullopt, 0,
                               Organisation::now());
  ASSERT_TRUE(next) << next.error().detail;
  EXPECT_EQ(next->version, 3u);
  EXPECT_EQ(next->root.keys.size(), 2u);
  EXPECT_EQ(next->release.back().signers.keys.size(), 2u);
  EXPECT_EQ(next->expires.seconds, 0);
}

TEST_F(TrustDocument, RevokingRefusesWhatCouldNotBeSignedAnyMoreAndSaysWhich) {
  const auto alone = revoke_key(org_.grown(), org_.pointer.public_key(), std::nullopt, 0,
                                Organisation::now());
  ASSERT_EQ(code(alone), ErrorCode::kUsage);
  EXPECT_NE(alone.error().detail.find("the pointer role of *"), std::string::npos)
      << alone.error().detail;
  const auto replaced = revoke_key(org_.grown(), org_.pointer.public_key(),
                                   org_.next_pointer.public_key(), 0, Organisation::now());
  ASSERT_TRUE(replaced) << replaced.error().detail;
  EXPECT_EQ(replaced->pointer_keys("stable", "x86_64"),
            std::vector{org_.next_pointer.public_key()});
  EXPECT_EQ(code(revoke_key(org_.grown(), org_.dora.public_key(), std::nullopt, 0,
                            Organisation::now())),
            ErrorCode::kNotFound);
}

TEST_F(TrustDocument, TheCounterNeverFalls) {
  RootChanges changes;
  changes.counter = 5;
  const auto root = next_root(org_.grown(), changes, Organisation::now());
  ASSERT_TRUE(root);
  changes.counter = 4;
  EXPECT_EQ(code(next_root(*root, changes, Organisation::now())), ErrorCode::kUsage);
}

TEST_F(TrustDocument, ScopesAndFloorsReadAsTheyAreWritten) {
  for (const char* text : {"*", "stable", "stable,lts", "*/x86_64", "stable/x86_64,aarch64"}) {
    const auto scope = parse_scope(text);
    ASSERT_TRUE(scope) << text;
    EXPECT_EQ(scope_text({scope->channels, scope->archs, {}}), text);
  }
  for (const char* text : {"", "/x86_64", "stable/", "stable/m68k", "Stable", "a/b/c", "a,,b"})
    EXPECT_FALSE(parse_scope(text)) << text;
  EXPECT_EQ(*parse_floor("stable/amd64=7"), (VersionFloor{"stable", "x86_64", 7}));
  EXPECT_EQ(*parse_floor("*=7"), (VersionFloor{"", "", 7}));
  for (const char* text : {"stable", "stable=", "stable=x", "stable=-1", "a,b=1"})
    EXPECT_FALSE(parse_floor(text)) << text;
  const std::string key = org_.alice.public_key().minisign();
  const auto grant = read_grant("beta=" + key);
  ASSERT_TRUE(grant) << grant.error().detail;
  EXPECT_EQ(grant->signers.keys.front(), org_.alice.public_key());
  EXPECT_FALSE(read_grant("beta=" + key + "," + org_.bob.public_key().hex()));
  EXPECT_FALSE(read_grant("beta=x:" + key));
}

TEST_F(TrustDocument, SaysWhoIsMissing) {
  const Root root = org_.grown();
  const auto missing = what_is_missing(root.root, {org_.bob.public_key()});
  ASSERT_TRUE(missing);
  EXPECT_NE(missing->find("missing 1 more of: " + org_.alice.public_key().id() + ", " +
                          org_.carol.public_key().id()),
            std::string::npos)
      << *missing;
  EXPECT_FALSE(what_is_missing(root.root, {org_.bob.public_key(), org_.alice.public_key()}));
}

TEST_F(TrustDocument, ASignatureOfOtherBytesIsNoneOfTheSigners) {
  const auto document = decode_signed_root(org_.grown_document());
  ASSERT_TRUE(document);
  EXPECT_EQ(signers_among(document->message, document->signatures, org_.grown().root).size(), 2u);
  EXPECT_TRUE(signers_among(as_bytes("other"), document->signatures, org_.grown().root).empty());
}

}  // namespace
}  // namespace phase::node::test
