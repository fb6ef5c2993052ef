// Goal: who loses keys, or has them stolen, recovers; who has fewer than a threshold of them gets
// nothing. Method: a machine that was built with root 1, root documents as bytes, signed by whoever
// holds which keys in the case, and releases that it then boots or refuses.
#include "tests/unit/proto/machine.h"

namespace phase {
namespace {

using test::company_root;
using test::grant;
using test::key;
using test::KeyNumbers;
using test::Machine;
using test::manifest;
using test::next_of;
using test::role;
using test::signed_root;

// --- lost keys ---

TEST(KeyRotation, ALostRootKeyIsReplacedByTheOthers) {
  Machine machine(company_root());
  Root next = next_of(company_root());
  next.root = role({1, 2, 4}, 2);  // 3 is lost
  ASSERT_TRUE(machine.hears(next, {1, 2}));
  EXPECT_FALSE(machine.hears(next_of(next), {2, 3})) << "the lost key is found by somebody";
  EXPECT_TRUE(machine.hears(next_of(next), {2, 4}));
}

TEST(KeyRotation, LosingMoreRootKeysThanTheThresholdSparesEndsTheChain) {
  Machine machine(company_root());
  Root next = next_of(company_root());
  next.root = role({4, 5, 6}, 2);
  EXPECT_FALSE(machine.hears(next, {1, 4, 5, 6}));
  EXPECT_EQ(machine.refused(), ErrorCode::kWrongKey);
  EXPECT_TRUE(machine.boots(7, {11, 12}).ok()) << "what is signed goes on to boot";
}

TEST(KeyRotation, ALostReleaseKeyIsReplaced) {
  Machine machine(company_root());
  Root next = next_of(company_root());
  next.release = {grant({11, 14, 15}, 2)};
  ASSERT_TRUE(machine.hears(next, {1, 2}));
  EXPECT_TRUE(machine.boots(8, {14, 15}).ok());
  EXPECT_TRUE(machine.boots(8, {11, 15}).ok());
}

// The next root is looked for under a name that no pointer key has a part in.
TEST(KeyRotation, ALostPointerKeyIsReplacedWithoutIt) {
  Machine machine(company_root());
  const Sha1 searched = next_root_target(machine.root());
  Root next = next_of(company_root());
  next.pointer = {grant({22})};
  Root same = machine.root();
  same.pointer = next.pointer;
  EXPECT_EQ(next_root_target(same), searched);
  ASSERT_TRUE(machine.hears(next, {2, 3}));
  EXPECT_EQ(machine.root().pointer_keys("stable", "x86_64"), role({22}).keys);
}

// --- stolen keys ---

TEST(KeyRotation, AStolenRootKeyAloneRotatesNothing) {
  Machine machine(company_root());
  Root evil = next_of(company_root());
  evil.release = {grant({66})};
  for (const KeyNumbers& signers : {KeyNumbers{1}, {1, 1}, {1, 66}, {1, 66, 67, 68}}) {
    EXPECT_FALSE(machine.hears(evil, signers));
  }
  evil.root = role({1, 66}, 1);
  EXPECT_FALSE(machine.hears(evil, {1, 66})) << "it grants itself the threshold in its own document";
  EXPECT_ERROR(machine.boots(8, {66}), ErrorCode::kWrongKey);
}

TEST(KeyRotation, AStolenRootKeyIsThrownOut) {
  Machine machine(company_root());
  Root next = next_of(company_root());
  next.root = role({2, 3, 4}, 2);
  ASSERT_TRUE(machine.hears(next, {2, 3}));
  EXPECT_FALSE(machine.hears(next_of(next), {1, 2}));
  EXPECT_TRUE(machine.hears(next_of(next), {3, 4}));
}

TEST(KeyRotation, AStolenReleaseKeyBelowTheThresholdBootsNothing) {
  const Machine machine(company_root());
  EXPECT_ERROR(machine.boots(8, {11}), ErrorCode::kWrongKey);
  EXPECT_ERROR(machine.boots(8, {11, 11}), ErrorCode::kWrongKey);
  EXPECT_ERROR(machine.boots(8, {11, 66}), ErrorCode::kWrongKey);
}

TEST(KeyRotation, StolenReleaseKeysAreRevokedByTheNextRoot) {
  Machine machine(company_root());
  EXPECT_TRUE(machine.boots(8, {11, 12}).ok()) << "until the machine hears of it";
  Root next = next_of(company_root());
  next.release = {grant({13, 14, 15}, 2)};
  ASSERT_TRUE(machine.hears(next, {1, 3}));
  EXPECT_ERROR(machine.boots(8, {11, 12}), ErrorCode::kWrongKey) << "the thief";
  EXPECT_ERROR(machine.boots(7, {11, 12}), ErrorCode::kWrongKey) << "and what was honest once";
  EXPECT_ERROR(machine.boots(9, {11, 13}), ErrorCode::kWrongKey);
  EXPECT_TRUE(machine.boots(9, {13, 14}).ok());
}

// A fast-forward attack: the thief takes all the version numbers that there are.
TEST(KeyRotation, AFastForwardWithStolenReleaseKeysIsUndone) {
  Machine machine(company_root());
  constexpr std::uint64_t kHighest = (std::uint64_t{1} << 63) - 1;
  ASSERT_TRUE(machine.boots(kHighest, {11, 12}).ok());
  Root next = next_of(company_root());
  next.release = {grant({14, 15}, 2)};
  ASSERT_TRUE(machine.hears(next, {1, 2}));
  EXPECT_ERROR(machine.boots(kHighest, {11, 12}), ErrorCode::kWrongKey);
  EXPECT_TRUE(machine.boots(8, {14, 15}).ok());
}

TEST(KeyRotation, AStolenPointerKeyBootsAndRotatesNothing) {
  Machine machine(company_root());
  EXPECT_ERROR(machine.boots(8, {21}), ErrorCode::kWrongKey);
  EXPECT_ERROR(machine.boots(8, {21, 11}), ErrorCode::kWrongKey);
  EXPECT_FALSE(machine.hears(next_of(company_root()), {21}));
  Root next = next_of(company_root());
  next.pointer = {grant({22})};
  ASSERT_TRUE(machine.hears(next, {1, 2}));
  EXPECT_EQ(machine.root().pointer_keys("stable", "x86_64"), role({22}).keys);
}

// All keys but those of root: whoever has them is thrown out in one step.
TEST(KeyRotation, EveryOnlineKeyStolenAtOnceIsReplacedInOneStep) {
  Machine machine(company_root());
  Root next = next_of(company_root());
  next.release = {grant({14, 15, 16}, 2)};
  next.pointer = {grant({22})};
  next.floors = {{.channel = "", .arch = "", .release_version = 9}};
  EXPECT_FALSE(machine.hears(next, {11, 12, 13, 21}));
  ASSERT_TRUE(machine.hears(next, {1, 2}));
  EXPECT_ERROR(machine.boots(10, {11, 12, 13}), ErrorCode::kWrongKey);
  EXPECT_ERROR(machine.boots(8, {14, 15}), ErrorCode::kRollback);
  EXPECT_TRUE(machine.boots(9, {14, 15}).ok());
}

TEST(KeyRotation, AKeyThatWasRemovedCanComeBack) {
  Machine machine(company_root());
  Root second = next_of(company_root());
  second.release = {grant({13})};
  Root third = next_of(second);
  third.release = company_root().release;
  ASSERT_TRUE(machine.hears(second, {1, 2}));
  EXPECT_FALSE(machine.boots(8, {11, 12}).ok());
  ASSERT_TRUE(machine.hears(third, {1, 2}));
  EXPECT_TRUE(machine.boots(8, {11, 12}).ok());
}

TEST(KeyRotation, ARootThatGrantsNobodyStopsAllReleases) {
  Machine machine(company_root());
  Root next = next_of(company_root());
  next.release.clear();
  ASSERT_TRUE(machine.hears(next, {1, 2}));
  EXPECT_ERROR(machine.boots(8, {11, 12}), ErrorCode::kNotGranted);
}

// --- who signs the step ---

TEST(KeyRotation, NewKeysAloneAreNotEnough) {
  Machine machine(company_root());
  Root next = next_of(company_root());
  next.root = role({4, 5, 6}, 2);
  EXPECT_FALSE(machine.hears(next, {4, 5, 6}));
  EXPECT_EQ(machine.refused(), ErrorCode::kWrongKey);
}

TEST(KeyRotation, OldKeysAloneAreNotEnough) {
  Machine machine(company_root());
  Root next = next_of(company_root());
  next.root = role({4, 5, 6}, 2);
  EXPECT_FALSE(machine.hears(next, {1, 2, 3}));
  EXPECT_EQ(machine.refused(), ErrorCode::kWrongKey);
  EXPECT_TRUE(machine.hears(next, {1, 2, 5, 6}));
}

TEST(KeyRotation, AThresholdIsRaisedAndLoweredByBothSides) {
  Machine machine(company_root());
  Root higher = next_of(company_root());
  higher.root.threshold = 3;
  EXPECT_FALSE(machine.hears(higher, {1, 2})) << "its own threshold is 3";
  ASSERT_TRUE(machine.hears(higher, {1, 2, 3}));
  Root lower = next_of(higher);
  lower.root.threshold = 1;
  EXPECT_FALSE(machine.hears(lower, {1, 2})) << "the old threshold is 3";
  ASSERT_TRUE(machine.hears(lower, {1, 2, 3}));
  EXPECT_TRUE(machine.hears(next_of(lower), {3}));
}

TEST(KeyRotation, OneKeyTwiceIsOne) {
  Machine machine(company_root());
  EXPECT_FALSE(machine.hears(next_of(company_root()), {2, 2, 2}));
  EXPECT_TRUE(machine.hears(next_of(company_root()), {2, 2, 3}));
}

TEST(KeyRotation, OneKeyUnderTheIdsOfTwoIsOne) {
  const Root next = next_of(company_root());
  auto document = test::signed_by(next, {1, 1});
  document.signatures[1].key_id = key(2).public_key().id();
  auto engine = *TrustEngine::begin(company_root(), WallTime{});
  EXPECT_ERROR(engine.advance(document), ErrorCode::kBadSignature);
}

TEST(KeyRotation, AKeyIsNotListedTwice) {
  Root next = next_of(company_root());
  next.root = role({1, 2, 2}, 2);
  EXPECT_ERROR(encode_root(next), ErrorCode::kUsage);
  auto engine = *TrustEngine::begin(company_root(), WallTime{});
  EXPECT_ERROR(engine.advance(test::signed_by(next, {1, 2})), ErrorCode::kMalformed);
}

TEST(KeyRotation, NoThresholdBelowOneOrBeyondTheKeys) {
  std::size_t delivered = 0;
  for (const std::int64_t threshold : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{4},
                                       std::int64_t{1} << 31, (std::int64_t{1} << 32) + 1,
                                       INT64_MIN, INT64_MAX}) {
    Root next = next_of(company_root());
    next.root.threshold = threshold;
    auto engine = *TrustEngine::begin(company_root(), WallTime{});
    EXPECT_ERROR(engine.advance(test::signed_by(next, {1, 2, 3})), ErrorCode::kMalformed);
    EXPECT_EQ(engine.root(), company_root());
    ++delivered;
  }
  EXPECT_EQ(delivered, 7u);
}

// What a key signed as a manifest is no root, and the other way round, though one key is both.
TEST(KeyRotation, ASignatureForOneKindOfDocumentIsNoneForAnother) {
  Machine machine(virtual_root(key(1).public_key()));
  const Root next = next_of(machine.root());
  const Bytes payload = *encode_root(next);
  const SecretKey signer = key(1);
  const Signature as_manifest = signer.sign(pre_authentication_encoding(kManifestType, payload));
  auto engine = *TrustEngine::begin(machine.root(), WallTime{});
  Signed<Root> document = test::signed_by(next, {1});
  document.signatures[0].signature = as_manifest;
  EXPECT_ERROR(engine.advance(document), ErrorCode::kBadSignature);
  EXPECT_FALSE(machine.hears({sign_envelope(kManifestType, payload, {&signer})}));

  const Bytes release = *encode_manifest(manifest());
  TrustPolicy policy = trust_single_key(key(1).public_key());
  EXPECT_ERROR(verify_manifest(sign_envelope(kRootType, release, {&signer}), policy,
                               test::expectation()),
               ErrorCode::kMalformed);
  Signed<Manifest> relabelled = test::signed_by(manifest(), {});
  relabelled.signatures = {{signer.public_key().id(),
                            signer.sign(pre_authentication_encoding(kRootType, release))}};
  EXPECT_ERROR(engine.admit(relabelled, {.channel = "stable", .arch = "x86_64"}),
               ErrorCode::kBadSignature);
}

// --- the chain ---

/// Roots 2 to `last`, each with other root keys than the one before.
std::vector<Bytes> long_chain(std::uint64_t last) {
  std::vector<Bytes> documents;
  Root root = virtual_root(key(1).public_key());
  const auto holder = [](std::uint64_t version) {
    return static_cast<std::uint8_t>(1 + (version - 1) % 100);
  };
  while (root.version < last) {
    const std::uint8_t old = holder(root.version);
    root = next_of(root);
    root.root = role({holder(root.version)});
    documents.push_back(signed_root(root, {old, holder(root.version)}));
  }
  return documents;
}

TEST(KeyRotation, AMachine200RootsBehindArrives) {
  Machine machine(virtual_root(key(1).public_key()));
  ASSERT_TRUE(machine.hears(long_chain(201)));
  EXPECT_EQ(machine.root().version, 201u);
  EXPECT_TRUE(machine.boots(8, {1}).ok());
}

TEST(KeyRotation, ARunGoes256StepsAndTheNextOneTheRest) {
  Machine machine(virtual_root(key(1).public_key()));
  const auto documents = long_chain(258);
  ASSERT_EQ(documents.size(), 257u);
  ASSERT_TRUE(machine.hears({documents.begin(), documents.end() - 1}));
  EXPECT_EQ(machine.root().version, 257u);
  Machine other(virtual_root(key(1).public_key()));
  ASSERT_TRUE(other.hears(documents));
  EXPECT_EQ(other.root().version, 257u);
  EXPECT_EQ(other.refused(), ErrorCode::kMissingRoot);
  ASSERT_TRUE(other.hears(documents));
  EXPECT_EQ(other.root().version, 258u);
}

TEST(KeyRotation, AMissingStepIsWhereItStops) {
  Machine machine(company_root());
  Root second = next_of(company_root());
  Root third = next_of(second);
  Root fourth = next_of(third);
  ASSERT_TRUE(machine.hears({signed_root(second, {1, 2}), signed_root(fourth, {1, 2})}));
  EXPECT_EQ(machine.root().version, 2u);
  EXPECT_EQ(machine.refused(), ErrorCode::kMissingRoot);
  EXPECT_TRUE(machine.hears({signed_root(fourth, {1, 2}), signed_root(third, {1, 2})}));
  EXPECT_EQ(machine.root().version, 4u);
}

TEST(KeyRotation, OrderAndRepetitionDoNotMatter) {
  auto documents = long_chain(20);
  std::reverse(documents.begin(), documents.end());
  documents.insert(documents.end(), documents.begin(), documents.begin() + 10);
  Machine machine(virtual_root(key(1).public_key()));
  ASSERT_TRUE(machine.hears(documents));
  EXPECT_EQ(machine.root().version, 20u);
}

TEST(KeyRotation, ItNeverGoesBack) {
  const auto documents = long_chain(20);
  Machine machine(virtual_root(key(1).public_key()));
  ASSERT_TRUE(machine.hears(documents));
  EXPECT_FALSE(machine.hears(documents));
  EXPECT_EQ(machine.root().version, 20u);
}

// Two documents of one version that both keep the rule: the holders of the root keys made a mistake,
// or were robbed. The one that is known stays, and what follows from the other is refused.
TEST(KeyRotation, AForkDoesNotReplaceWhatIsKnown) {
  Machine machine(company_root());
  Root one = next_of(company_root());
  one.root = role({4, 5, 6}, 2);
  Root other = next_of(company_root());
  other.root = role({7, 8, 9}, 2);
  ASSERT_TRUE(machine.hears(one, {1, 2, 4, 5}));
  EXPECT_FALSE(machine.hears(other, {1, 2, 7, 8}));
  EXPECT_FALSE(machine.hears(next_of(other), {7, 8}));
  EXPECT_EQ(machine.root(), one);
  EXPECT_TRUE(machine.hears(next_of(one), {4, 5}));
}

// The same version again, signed by the keys that are current: a version is used once.
TEST(KeyRotation, TheSameVersionWithOtherContentIsARollback) {
  Machine machine(company_root());
  ASSERT_TRUE(machine.hears(next_of(company_root()), {1, 2}));
  Root other = next_of(company_root());
  other.release = {grant({66})};
  EXPECT_FALSE(machine.hears(other, {1, 2, 3}));
  EXPECT_EQ(machine.refused(), ErrorCode::kRollback);
}

TEST(KeyRotation, ForgeriesInBetweenStopNoHonestChain) {
  Root evil = next_of(company_root());
  evil.release = {grant({66})};
  std::vector<Bytes> documents;
  Root root = company_root();
  for (int i = 0; i < 10; ++i) {
    evil.version = root.version + 1;
    documents.push_back(signed_root(evil, {1, 66}));
    documents.push_back(signed_root(evil, {66, 67}));
    root = next_of(root);
    Bytes altered = signed_root(root, {1, 2});
    altered[40] ^= 1;
    documents.push_back(altered);
    documents.push_back(signed_root(root, {2, 3}));
  }
  Machine machine(company_root());
  ASSERT_TRUE(machine.hears(documents));
  EXPECT_EQ(machine.root(), root);
}

TEST(KeyRotation, AVersionFarAheadIsNotTaken) {
  Machine machine(company_root());
  Root far = company_root();
  far.version = (std::uint64_t{1} << 63) - 1;
  EXPECT_FALSE(machine.hears(far, {1, 2, 3}));
  EXPECT_EQ(machine.refused(), ErrorCode::kMissingRoot);
}

// --- expiry, counter, floors, scope ---

TEST(KeyRotation, AnExpiredRootOnTheWayIsAllowed) {
  Machine machine(company_root());
  machine.now = WallTime{test::kExpires + 86400};
  Root second = next_of(company_root());  // expired as well
  Root third = next_of(second);
  third.expires = WallTime{test::kExpires + 365 * 86400};
  Manifest release = manifest();
  release.expires = third.expires;
  ASSERT_TRUE(machine.hears({signed_root(second, {1, 2}), signed_root(third, {1, 2})}));
  EXPECT_TRUE(machine.boots(release, {11, 12}).ok());
}

TEST(KeyRotation, AnExpiredRootAtTheEndIsAFreeze) {
  Machine machine(company_root());
  machine.now = WallTime{test::kExpires + 86400};
  Manifest release = manifest();
  release.expires = WallTime{0};
  ASSERT_TRUE(machine.hears(next_of(company_root()), {1, 2}));
  EXPECT_ERROR(machine.boots(release, {11, 12}), ErrorCode::kExpired);
  machine.now = WallTime{test::kExpires};
  EXPECT_ERROR(machine.boots(release, {11, 12}), ErrorCode::kExpired);
  machine.now = WallTime{test::kExpires - 1};
  EXPECT_TRUE(machine.boots(release, {11, 12}).ok());
}

TEST(KeyRotation, TheCounterNeverFalls) {
  Root root = company_root();
  root.counter = 4;
  Machine machine(root);
  Root next = next_of(root);
  next.counter = 3;
  EXPECT_FALSE(machine.hears(next, {1, 2, 3}));
  EXPECT_EQ(machine.refused(), ErrorCode::kRollback);
  next.counter = 4;
  EXPECT_TRUE(machine.hears(next, {1, 2}));
  next = next_of(next);
  next.counter = 9;
  EXPECT_TRUE(machine.hears(next, {1, 2}));
}

TEST(KeyRotation, AFloorOfTheNextRootEndsOldReleases) {
  Machine machine(company_root());
  ASSERT_TRUE(machine.boots(7, {11, 12}).ok());
  Root next = next_of(company_root());
  next.floors = {{.channel = "stable", .arch = "x86_64", .release_version = 8}};
  ASSERT_TRUE(machine.hears(next, {1, 2}));
  EXPECT_ERROR(machine.boots(7, {11, 12}), ErrorCode::kRollback);
  EXPECT_TRUE(machine.boots(8, {11, 12}).ok());
}

TEST(KeyRotation, AReleaseKeyIsNarrowedToAChannel) {
  Machine machine(company_root());
  Root next = next_of(company_root());
  next.release = {{.channels = {"beta"}, .archs = {}, .signers = role({11})},
                  {.channels = {"stable"}, .archs = {"x86_64"}, .signers = role({12, 13}, 2)}};
  ASSERT_TRUE(machine.hears(next, {1, 2}));
  EXPECT_ERROR(machine.boots(8, {11, 12}), ErrorCode::kWrongKey);
  EXPECT_TRUE(machine.boots(8, {12, 13}).ok());
}

// --- a single key ---

TEST(KeyRotation, ASingleKeyGrowsIntoRoles) {
  Machine machine(virtual_root(key(1).public_key()));  // all that phase.key= says
  ASSERT_TRUE(machine.boots(7, {1}).ok());
  Root second = next_of(company_root());
  second.root = role({2, 3, 4}, 2);
  EXPECT_FALSE(machine.hears(second, {2, 3})) << "the single key has to agree";
  ASSERT_TRUE(machine.hears(second, {1, 2, 3}));
  EXPECT_ERROR(machine.boots(8, {1}), ErrorCode::kWrongKey);
  EXPECT_TRUE(machine.boots(8, {11, 12}).ok());
  EXPECT_FALSE(machine.hears(next_of(second), {1})) << "it is worth nothing from then on";
  EXPECT_TRUE(machine.hears(next_of(second), {3, 4}));
}

// What docs/TRUST.md says that a single key cannot give: its thief is its owner.
TEST(KeyRotation, ATheftOfASingleKeyIsNotRecoveredFrom) {
  Machine machine(virtual_root(key(1).public_key()));
  Root theirs = next_of(virtual_root(key(66).public_key()));
  ASSERT_TRUE(machine.hears(theirs, {1, 66}));
  EXPECT_TRUE(machine.boots(8, {66}).ok());
  EXPECT_FALSE(machine.hears(next_of(virtual_root(key(1).public_key())), {1}));
}

// A machine that heard of the owner's root 2 first is out of the thief's reach.
TEST(KeyRotation, AGrownKeyIsNoLossToMachinesThatHeardOfIt) {
  Machine machine(virtual_root(key(1).public_key()));
  Root second = next_of(company_root());
  ASSERT_TRUE(machine.hears(second, {1, 2}));
  EXPECT_FALSE(machine.hears(next_of(virtual_root(key(66).public_key())), {1, 66}));
  EXPECT_ERROR(machine.boots(8, {1}), ErrorCode::kWrongKey);
}

}  // namespace
}  // namespace phase
