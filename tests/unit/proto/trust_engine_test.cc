// Goal: the client workflow by itself, on decoded documents. Method: roots and manifests made in
// memory; for every rule the last thing that passes and the first that does not. Chains of whole
// documents are in key_rotation_test.cc, other encodings in trust_engine_json_test.cc.
#include "proto/trust_engine.h"

#include "tests/unit/proto/roots.h"

namespace phase {
namespace {

using test::company_root;
using test::grant;
using test::manifest;
using test::next_of;
using test::role;
using test::signed_by;
using testing::HasSubstr;

constexpr WallTime kNow{test::kCreated + 60};
const Wanted kWanted{.channel = "stable", .arch = "x86_64", .min_version = 0};

TrustEngine engine(const Root& root, WallTime now = kNow) {
  auto begun = TrustEngine::begin(root, now);
  check(begun.ok(), "a root that can be trusted");
  return *std::move(begun);
}

TEST(TrustEngine, BeginsWithARootThatKeepsItsRules) {
  EXPECT_TRUE(TrustEngine::begin(company_root(), kNow).ok());
  EXPECT_ERROR(TrustEngine::begin(Root{}, kNow), ErrorCode::kConfig);
  Root broken = company_root();
  broken.release[0].signers.threshold = 0;
  EXPECT_ERROR(TrustEngine::begin(broken, kNow), ErrorCode::kConfig);
}

// TUF 5.2: the expiry of the root that came with the machine does not matter, a newer one may follow.
TEST(TrustEngine, BeginsWithAnExpiredRoot) {
  Root next = next_of(company_root());
  next.expires = WallTime{0};
  TrustEngine one = engine(company_root(), WallTime{test::kExpires + 1});
  ASSERT_TRUE(one.advance(signed_by(next, {1, 2})).ok());
  Manifest release = manifest();
  release.expires = WallTime{0};
  EXPECT_TRUE(one.admit(signed_by(release, {11, 12}), kWanted).ok());
}

TEST(TrustEngine, AdvancesOneVersionAtATime) {
  for (const std::uint64_t version : {0, 1, 2, 4, 5}) {
    Root root = company_root();
    root.version = 3;
    TrustEngine one = engine(root);
    root.version = version;
    const auto step = one.advance(signed_by(root, {1, 2, 3}));
    const auto expected = version == 0 ? ErrorCode::kMalformed
                          : version < 4 ? ErrorCode::kRollback
                                        : ErrorCode::kMissingRoot;
    if (version == 4) EXPECT_TRUE(step.ok());
    else EXPECT_ERROR(step, expected) << version;
    EXPECT_EQ(one.root().version, version == 4 ? 4u : 3u);
  }
}

TEST(TrustEngine, StaysWhereItIsAfterARefusal) {
  TrustEngine one = engine(company_root());
  Root evil = next_of(company_root());
  evil.release = {grant({66})};
  EXPECT_ERROR(one.advance(signed_by(evil, {1, 66})), ErrorCode::kWrongKey);
  EXPECT_EQ(one.root(), company_root());
  EXPECT_TRUE(one.advance(signed_by(next_of(company_root()), {1, 2})).ok());
}

TEST(TrustEngine, AsksTheOldThresholdAndTheNewOne) {
  Root next = next_of(company_root());
  next.root = role({3, 4, 5}, 3);
  const auto takes = [&](const test::KeyNumbers& signers) {
    return engine(company_root()).advance(signed_by(next, signers));
  };
  EXPECT_ERROR(takes({3, 4, 5}), ErrorCode::kWrongKey) << "one of the old ones";
  EXPECT_ERROR(takes({1, 2, 3}), ErrorCode::kWrongKey) << "one of the new ones";
  EXPECT_ERROR(takes({1, 3, 4}), ErrorCode::kWrongKey) << "two of three new ones";
  EXPECT_TRUE(takes({1, 3, 4, 5}).ok()) << "key 3 counts on both sides";
  EXPECT_TRUE(takes({1, 2, 3, 4, 5}).ok());
  EXPECT_ERROR(takes({}), ErrorCode::kUnsigned);
}

TEST(TrustEngine, NamesWhoseSignaturesAreMissing) {
  Root next = next_of(company_root());
  next.root = role({4, 5});
  const auto by_new = engine(company_root()).advance(signed_by(next, {4}));
  EXPECT_THAT(by_new.error().detail, HasSubstr("by the keys of the one before"));
  const auto by_old = engine(company_root()).advance(signed_by(next, {1, 2}));
  EXPECT_THAT(by_old.error().detail, HasSubstr("by its own keys"));
}

TEST(TrustEngine, NeverLowersTheCounter) {
  Root root = company_root();
  root.counter = 5;
  Root next = next_of(root);
  for (const std::uint64_t counter : {0, 4, 5, 6}) {
    next.counter = counter;
    const auto step = engine(root).advance(signed_by(next, {1, 2}));
    if (counter < 5) EXPECT_ERROR(step, ErrorCode::kRollback);
    else EXPECT_TRUE(step.ok()) << counter;
  }
}

TEST(TrustEngine, RefusesANextRootThatBreaksARuleWhoeverSignedIt) {
  for (const std::int64_t threshold :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{4}, std::int64_t{1} << 31, INT64_MIN}) {
    Root next = next_of(company_root());
    next.root.threshold = threshold;
    EXPECT_ERROR(engine(company_root()).advance(signed_by(next, {1, 2, 3})), ErrorCode::kMalformed);
    next = next_of(company_root());
    next.release[0].signers.threshold = threshold;
    EXPECT_ERROR(engine(company_root()).advance(signed_by(next, {1, 2, 3})), ErrorCode::kMalformed);
  }
  Root twice = next_of(company_root());
  twice.root = role({1, 1, 2}, 2);
  EXPECT_ERROR(engine(company_root()).advance(signed_by(twice, {1, 2})), ErrorCode::kMalformed);
}

TEST(TrustEngine, Goes256StepsAndNotOneMore) {
  Root root = virtual_root(test::key(1).public_key());
  TrustEngine one = engine(root);
  for (int step = 0; step < kMaxRootSteps; ++step) {
    root = next_of(root);
    ASSERT_TRUE(one.advance(signed_by(root, {1})).ok()) << step;
  }
  root = next_of(root);
  const auto over = one.advance(signed_by(root, {1}));
  EXPECT_ERROR(over, ErrorCode::kMissingRoot);
  EXPECT_THAT(over.error().detail, HasSubstr("over 256 root documents behind"));
  EXPECT_EQ(one.root().version, 257u);
}

TEST(TrustEngine, AdmitsWhatTheReleaseRoleSigned) {
  const auto signers = engine(company_root()).admit(signed_by(manifest(), {13, 9, 11}), kWanted);
  ASSERT_TRUE(signers.ok()) << signers.error().detail;
  EXPECT_EQ(*signers, role({13, 11}).keys);
  EXPECT_ERROR(engine(company_root()).admit(signed_by(manifest(), {11}), kWanted),
               ErrorCode::kWrongKey);
  EXPECT_ERROR(engine(company_root()).admit(signed_by(manifest(), {}), kWanted),
               ErrorCode::kUnsigned);
}

TEST(TrustEngine, RootAndPointerKeysSignNoRelease) {
  EXPECT_ERROR(engine(company_root()).admit(signed_by(manifest(), {1, 2, 3, 21}), kWanted),
               ErrorCode::kWrongKey);
}

TEST(TrustEngine, ReleaseAndPointerKeysSignNoRoot) {
  EXPECT_ERROR(engine(company_root()).advance(
                   signed_by(next_of(company_root()), {11, 12, 13, 21})),
               ErrorCode::kWrongKey);
}

// A grant that comes later must not add its keys to those of one that covers as well.
TEST(TrustEngine, ALaterGrantAddsNoKeys) {
  Root root = company_root();
  root.release = {{.channels = {"stable"}, .archs = {}, .signers = role({11, 12}, 2)},
                  grant({13, 14}, 2)};
  const TrustEngine one = engine(root);
  EXPECT_TRUE(one.admit(signed_by(manifest(), {11, 12}), kWanted).ok());
  EXPECT_ERROR(one.admit(signed_by(manifest(), {13, 14}), kWanted), ErrorCode::kWrongKey);
  EXPECT_ERROR(one.admit(signed_by(manifest(), {11, 13}), kWanted), ErrorCode::kWrongKey);
  Manifest beta = manifest();
  beta.channel = "beta";
  const Wanted wants_beta{.channel = "beta", .arch = "x86_64"};
  EXPECT_TRUE(one.admit(signed_by(beta, {13, 14}), wants_beta).ok());
  EXPECT_ERROR(one.admit(signed_by(beta, {11, 12}), wants_beta), ErrorCode::kWrongKey);
}

// The grant is the one of what is wanted: a key of another channel cannot choose which by what it
// writes into its manifest.
TEST(TrustEngine, TheGrantIsThatOfTheQuestionNotOfTheManifest) {
  Root root = company_root();
  root.release = {{.channels = {"stable"}, .archs = {}, .signers = role({11})},
                  {.channels = {"beta"}, .archs = {}, .signers = role({12})}};
  Manifest beta = manifest();
  beta.channel = "beta";
  EXPECT_ERROR(engine(root).admit(signed_by(beta, {12}), kWanted), ErrorCode::kWrongKey);
  EXPECT_ERROR(engine(root).admit(signed_by(beta, {11}), kWanted), ErrorCode::kWrongChannel);
  EXPECT_ERROR(engine(root).admit(signed_by(manifest(), {12}),
                                  {.channel = "nightly", .arch = "x86_64"}),
               ErrorCode::kNotGranted);
}

TEST(TrustEngine, AKeyInTwoRolesCountsInEach) {
  Root root = company_root();
  root.root = role({1, 2}, 2);
  root.release = {grant({2, 1}, 2)};
  root.pointer = {grant({1})};
  TrustEngine one = engine(root);
  EXPECT_TRUE(one.admit(signed_by(manifest(), {1, 2}), kWanted).ok());
  EXPECT_TRUE(one.advance(signed_by(next_of(root), {1, 2})).ok());
  EXPECT_ERROR(one.admit(signed_by(manifest(), {1, 1}), kWanted), ErrorCode::kWrongKey);
}

TEST(TrustEngine, AnExpiredRootAdmitsNothingFromItsSecondOn) {
  Manifest release = manifest();
  release.expires = WallTime{0};
  const auto signed_release = signed_by(release, {11, 12});
  EXPECT_TRUE(
      engine(company_root(), WallTime{test::kExpires - 1}).admit(signed_release, kWanted).ok());
  for (const WallTime late : {WallTime{test::kExpires}, WallTime{INT64_MAX}}) {
    const auto refused = engine(company_root(), late).admit(signed_release, kWanted);
    EXPECT_ERROR(refused, ErrorCode::kExpired);
    EXPECT_THAT(refused.error().detail, HasSubstr("root version 1 expired on 2027-01-01 00:00:00"));
  }
}

TEST(TrustEngine, AnExpiredManifestIsRefusedFromItsSecondOn) {
  Root root = company_root();
  root.expires = WallTime{0};
  const auto release = signed_by(manifest(), {11, 12});
  EXPECT_TRUE(engine(root, WallTime{test::kExpires - 1}).admit(release, kWanted).ok());
  EXPECT_ERROR(engine(root, WallTime{test::kExpires}).admit(release, kWanted), ErrorCode::kExpired);
  EXPECT_ERROR(engine(root, WallTime{test::kExpires + 10 * 365 * 86400LL}).admit(release, kWanted),
               ErrorCode::kExpired);
}

TEST(TrustEngine, HoldsTheHigherOfBothFloors) {
  Root root = company_root();
  root.floors = {{.channel = "stable", .arch = "", .release_version = 7}};
  const auto release = signed_by(manifest(), {11, 12});  // version 7
  const auto at = [&](std::uint64_t floor) {
    return engine(root).admit(release, {.channel = "stable", .arch = "x86_64",
                                        .min_version = floor});
  };
  EXPECT_TRUE(at(0).ok());
  EXPECT_TRUE(at(7).ok());
  EXPECT_ERROR(at(8), ErrorCode::kRollback);
  root.floors[0].release_version = 8;
  EXPECT_ERROR(at(0), ErrorCode::kRollback);
  root.floors[0].channel = "beta";
  EXPECT_TRUE(at(0).ok());
}

// The engine believes no decoder: what breaks a manifest's own rules is refused, though signed.
TEST(TrustEngine, RefusesASignedManifestThatBreaksItsRules) {
  Manifest bad = manifest();
  bad.artifacts[0].name = "../kernel";
  EXPECT_ERROR(engine(company_root()).admit(signed_by(bad, {11, 12}), kWanted),
               ErrorCode::kMalformed);
  bad = manifest();
  bad.release_version = 0;
  EXPECT_ERROR(engine(company_root()).admit(signed_by(bad, {11, 12}), kWanted),
               ErrorCode::kMalformed);
}

// The first broken rule in the documented order is the one that is named.
TEST(TrustEngine, ChecksInItsOrder) {
  Root root = company_root();
  root.release[0].archs = {"aarch64"};
  Manifest document = manifest();
  document.release_version = 0;
  Wanted wrong{.channel = "beta", .arch = "x86_64", .min_version = 9};
  WallTime now{test::kExpires};
  const auto answer = [&](const test::KeyNumbers& signers) {
    return engine(root, now).admit(signed_by(document, signers), wrong);
  };
  EXPECT_ERROR(answer({9}), ErrorCode::kExpired);
  root.expires = WallTime{0};
  EXPECT_ERROR(answer({9}), ErrorCode::kNotGranted);
  wrong.arch = "aarch64";
  EXPECT_ERROR(answer({9}), ErrorCode::kWrongKey);
  EXPECT_ERROR(answer({11, 12}), ErrorCode::kMalformed);
  document.release_version = 8;
  EXPECT_ERROR(answer({11, 12}), ErrorCode::kWrongChannel);
  wrong.channel = "stable";
  EXPECT_ERROR(answer({11, 12}), ErrorCode::kWrongArch);
  document.arch = "aarch64";
  EXPECT_ERROR(answer({11, 12}), ErrorCode::kExpired);
  now = kNow;
  EXPECT_ERROR(answer({11, 12}), ErrorCode::kRollback);
  wrong.min_version = 8;
  EXPECT_TRUE(answer({11, 12}).ok());
}

}  // namespace
}  // namespace phase
