// Goal: the chain in a store decides who publishes, and a key that was lost or stolen costs neither
// the versions that are out nor the way on. Method: a real store, keys and documents; the clock is
// the test's.
#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "node/catalogue.h"
#include "node/publish.h"
#include "node/publish_output.h"
#include "proto/trust.h"
#include "tests/unit/node/fault_files.h"
#include "tests/unit/node/role_fixture.h"

namespace phase::node::test {
namespace {

class TrustStore : public ::testing::Test {
 protected:
  Organisation org_;
  TempFolder folder_;
  Publisher publisher_{folder_.path()};
  std::unique_ptr<Store> store_ = open_store(folder_.path() + "/store");
  TrustBase base_ = key_base(org_.single.public_key());

  void install(const std::vector<Bytes>& documents) {
    const auto done = store_->add_roots(base_, documents, true);
    ASSERT_TRUE(done) << done.error().detail;
  }
  Result<StoredRelease> publish_with(std::vector<const SecretKey*> keys) {
    publisher_.clock.time.seconds += 1;
    auto options = publisher_.options();
    options.keys = std::move(keys);
    return publish(*store_, publisher_.clock, options);
  }
  static ErrorCode code(const Result<StoredRelease>& made) {
    return made ? ErrorCode::kInternal : made.error().code;
  }
  /// As a machine that was given the single key and no more.
  [[nodiscard]] Result<VerifiedManifest> as_a_machine(const StoredRelease& release) const {
    auto policy = trust_single_key(org_.single.public_key());
    policy.root = follow_roots(policy.root, root_files_beside(real_files(), release.folder)).root;
    return verify_manifest(release.envelope, policy,
                           {.channel = "stable", .arch = "x86_64", .min_version = 0,
                            .now = publisher_.clock.wall()});
  }
};

TEST_F(TrustStore, KeepsWhatTheChainRuleAcceptsAndNothingElse) {
  install({org_.grown_document(), Organisation::sign(org_.rotated(), {&org_.bob})});
  ASSERT_EQ(store_->chains().size(), 1u);
  EXPECT_EQ(store_->chains().front().current().version, 2u);
  install({org_.rotated_document()});
  EXPECT_EQ(store_->chains().front().current().version, 3u);
  const auto again = open_store(folder_.path() + "/store");
  ASSERT_EQ(again->chains().size(), 1u);
  EXPECT_EQ(again->chains().front().current(), org_.rotated());
  EXPECT_NE(again->chain_from(org_.grown()), nullptr);
  EXPECT_NE(again->chain_from(virtual_root(org_.single.public_key())), nullptr);
  EXPECT_EQ(again->chain_from(virtual_root(org_.dora.public_key())), nullptr);
}

TEST_F(TrustStore, ASingleKeyThatNeverGrewLeavesNoChain) {
  install({});
  EXPECT_TRUE(store_->chains().empty());
}

TEST_F(TrustStore, PublishRefusesUntilTheThresholdIsMetAndNamesWhoIsMissing) {
  install({org_.grown_document()});
  const auto alone = publish_with({&org_.alice, &org_.pointer});
  ASSERT_EQ(code(alone), ErrorCode::kMissingSignature);
  for (const SecretKey* key : {&org_.bob, &org_.carol})
    EXPECT_NE(alone.error().detail.find(key->public_key().id()), std::string::npos);
  EXPECT_EQ(code(publish_with({&org_.alice, &org_.alice, &org_.pointer})),
            ErrorCode::kMissingSignature);
  EXPECT_EQ(code(publish_with({&org_.alice, &org_.bob})), ErrorCode::kMissingSignature);
  // The key that machines began with has no say any more.
  EXPECT_EQ(code(publish_with({&org_.single})), ErrorCode::kMissingSignature);
  EXPECT_TRUE(store_->releases().empty());

  const auto made = publish_with({&org_.alice, &org_.bob, &org_.pointer});
  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_EQ(made->publisher, org_.pointer.public_key());
  const auto verified = as_a_machine(*made);
  ASSERT_TRUE(verified) << verified.error().detail;
  EXPECT_NE(verified->signed_by.find(org_.bob.public_key().id()), std::string::npos);
}

TEST_F(TrustStore, PublishRefusesUnderARootThatExpiredOrDoesNotGrantTheChannel) {
  install({org_.grown_document()});
  auto options = publisher_.options();
  options.keys = {&org_.alice, &org_.bob, &org_.pointer};
  publisher_.clock.time = org_.grown().expires;
  const auto late = publish(*store_, publisher_.clock, options);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kExpired);

  RootChanges narrow;
  narrow.release_grants = {{{"stable"}, {}, org_.grown().release.back().signers}};
  narrow.drop_release = {"*"};
  const Root root = *next_root(org_.grown(), narrow, Organisation::now());
  install({Organisation::sign(root, {&org_.alice, &org_.bob})});
  options.channel = "beta";
  const auto elsewhere = publish(*store_, publisher_.clock, options);
  ASSERT_FALSE(elsewhere);
  EXPECT_EQ(elsewhere.error().code, ErrorCode::kNotGranted);
}

// The holders sign on machines of their own; only the pointer's key is where the store is.
TEST_F(TrustStore, ADraftIsPublishedOnceEnoughHoldersSignedIt) {
  install({org_.grown_document()});
  auto options = publisher_.options();
  options.keys = {};
  const auto made = draft(*store_, publisher_.clock, options);
  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_TRUE(made->signers.empty());
  const auto once = add_signatures(made->envelope, {&org_.carol});
  ASSERT_TRUE(once);
  const std::vector<const SecretKey*> online{&org_.pointer};
  EXPECT_EQ(code(publish_signed(*store_, publisher_.clock, {.keys = online, .envelope = *once})),
            ErrorCode::kMissingSignature);
  const auto twice = add_signatures(*once, {&org_.alice});
  ASSERT_TRUE(twice);
  EXPECT_EQ(code(publish_signed(*store_, publisher_.clock,
                                {.keys = {&org_.alice}, .envelope = *twice})),
            ErrorCode::kMissingSignature);
  const auto out = publish_signed(*store_, publisher_.clock, {.keys = online, .envelope = *twice});
  ASSERT_TRUE(out) << out.error().detail;
  EXPECT_TRUE(as_a_machine(*out));
  // The same one again is no newer release.
  EXPECT_EQ(code(publish_signed(*store_, publisher_.clock, {.keys = online, .envelope = *twice})),
            ErrorCode::kRollback);
}

// Each signed a copy of the same draft; nobody waited for anybody.
TEST_F(TrustStore, ADraftIsPublishedFromCopiesThatHoldersSignedApart) {
  install({org_.grown_document()});
  auto options = publisher_.options();
  options.keys = {};
  const auto made = draft(*store_, publisher_.clock, options);
  ASSERT_TRUE(made) << made.error().detail;
  const auto by = [&](const SecretKey& key) { return *add_signatures(made->envelope, {&key}); };
  const auto published = [&](Bytes first, std::vector<SignedCopy> copies) {
    return publish_signed(*store_, publisher_.clock,
                          {.keys = {&org_.pointer}, .envelope = std::move(first),
                           .copies = std::move(copies)});
  };
  EXPECT_EQ(code(published(by(org_.alice), {{"again", by(org_.alice)}})),
            ErrorCode::kMissingSignature);
  EXPECT_EQ(code(published(by(org_.alice), {{"dora", by(org_.dora)}})), ErrorCode::kWrongKey);
  EXPECT_EQ(code(published(by(org_.alice), {{"old", org_.rotated_document()}})), ErrorCode::kUsage);
  const auto out = published(by(org_.alice), {{"carol", by(org_.carol)}});
  ASSERT_TRUE(out) << out.error().detail;
  EXPECT_EQ(out->envelope, *add_signatures(made->envelope, {&org_.alice, &org_.carol}));
  EXPECT_TRUE(as_a_machine(*out));
}

TEST_F(TrustStore, ADraftWhoseFilesWereAlteredIsNotPublished) {
  install({org_.grown_document()});
  auto options = publisher_.options();
  options.keys = {&org_.alice, &org_.bob};
  const auto made = draft(*store_, publisher_.clock, options);
  ASSERT_TRUE(made) << made.error().detail;
  write(store_->incoming() + "/.draft-stable-x86_64/kernel", x86_kernel(1));
  EXPECT_EQ(code(publish_signed(*store_, publisher_.clock,
                                {.keys = {&org_.pointer}, .envelope = made->envelope})),
            ErrorCode::kAltered);
}

TEST_F(TrustStore, VersionsGoOnWhereThePointerKeyIsAnotherOne) {
  const auto alone = publish_with({&org_.single});
  ASSERT_TRUE(alone) << alone.error().detail;
  ASSERT_TRUE(publish_with({&org_.single}));
  install({org_.grown_document()});
  const auto grown = publish_with({&org_.alice, &org_.bob, &org_.pointer});
  ASSERT_TRUE(grown) << grown.error().detail;
  EXPECT_EQ(grown->manifest.release_version, 3u);
  install({org_.rotated_document()});
  const auto rotated = publish_with({&org_.carol, &org_.bob, &org_.next_pointer});
  ASSERT_TRUE(rotated) << rotated.error().detail;
  EXPECT_EQ(rotated->manifest.release_version, 4u);
  EXPECT_EQ(rotated->publisher, org_.next_pointer.public_key());
  EXPECT_TRUE(as_a_machine(*rotated));
  // What older keys pointed to is no current release any more, and one generation later it is gone.
  int current = 0;
  for (const auto& release : store_->releases()) current += release.current ? 1 : 0;
  EXPECT_EQ(current, 1);
  ASSERT_TRUE(publish_with({&org_.carol, &org_.bob, &org_.next_pointer}));
  for (const auto& release : store_->releases())
    EXPECT_EQ(release.publisher, org_.next_pointer.public_key()) << release.name;
  EXPECT_EQ(store_->releases().size(), 2u);
}

TEST_F(TrustStore, AfterALostPointerKeyTheSameFilesAreRenewedUnderTheNewOne) {
  install({org_.grown_document()});
  ASSERT_TRUE(publish_with({&org_.alice, &org_.bob, &org_.pointer}));
  install({org_.rotated_document()});
  publisher_.clock.time.seconds += 1000;
  const auto renewed = renew(*store_, publisher_.clock,
                             {.keys = {&org_.alice, &org_.carol, &org_.next_pointer}});
  ASSERT_TRUE(renewed) << renewed.error().detail;
  ASSERT_EQ(renewed->size(), 1u);
  EXPECT_EQ(renewed->front().publisher, org_.next_pointer.public_key());
  EXPECT_EQ(renewed->front().manifest.release_version, 2u);
  EXPECT_TRUE(as_a_machine(renewed->front()));
}

// Nothing expires later than never; the pointer's new key is reason enough, once.
TEST_F(TrustStore, AReleaseThatNeverExpiresMovesToANewPointerKeyToo) {
  install({org_.grown_document()});
  auto options = publisher_.options();
  options.keys = {&org_.alice, &org_.bob, &org_.pointer};
  options.lifetime = 0;
  ASSERT_TRUE(publish(*store_, publisher_.clock, options));
  const auto renewed_with = [&](const SecretKey& pointer, std::int64_t lifetime) {
    return renew(*store_, publisher_.clock,
                 {.keys = {&org_.alice, &org_.bob, &pointer}, .lifetime = lifetime});
  };
  const auto same_key = renewed_with(org_.pointer, 0);
  ASSERT_FALSE(same_key);
  EXPECT_EQ(same_key.error().code, ErrorCode::kUsage);
  install({org_.rotated_document()});
  const auto shorter = renewed_with(org_.next_pointer, 86400);
  ASSERT_FALSE(shorter);
  EXPECT_EQ(shorter.error().code, ErrorCode::kUsage) << "an expiry is not brought forward unasked";
  const auto moved = renewed_with(org_.next_pointer, 0);
  ASSERT_TRUE(moved) << moved.error().detail;
  EXPECT_EQ(moved->front().publisher, org_.next_pointer.public_key());
  EXPECT_EQ(moved->front().manifest.expires.seconds, 0);
  EXPECT_TRUE(as_a_machine(moved->front()));
  EXPECT_FALSE(renewed_with(org_.next_pointer, 0)) << "there is nothing new in it";
}

TEST_F(TrustStore, ARenewalTravelsAsADraftToo) {
  install({org_.grown_document()});
  const auto first = publish_with({&org_.alice, &org_.bob, &org_.pointer});
  ASSERT_TRUE(first) << first.error().detail;
  publisher_.clock.time.seconds += 1000;
  const auto made = draft_renewal(*store_, publisher_.clock, {.keys = {}, .channel = "stable"});
  ASSERT_TRUE(made) << made.error().detail;
  const auto signed_draft = add_signatures(made->envelope, {&org_.bob, &org_.carol});
  ASSERT_TRUE(signed_draft);
  const auto out = publish_signed(*store_, publisher_.clock,
                                  {.keys = {&org_.pointer}, .envelope = *signed_draft});
  ASSERT_TRUE(out) << out.error().detail;
  EXPECT_EQ(out->manifest.release_version, 2u);
  EXPECT_GT(out->manifest.expires, first->manifest.expires);
  EXPECT_TRUE(as_a_machine(*out));
  const auto absent = draft_renewal(*store_, publisher_.clock, {.keys = {}, .channel = "beta"});
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, ErrorCode::kNotFound);
}

// Whoever has carol's key and, for an hour, another's can sign a release of the highest version.
// Once both are revoked it stands in nobody's way, and nobody signs its files again.
TEST_F(TrustStore, WhatStolenKeysSignedHoldsNobodyBackOnceTheyAreRevoked) {
  RootChanges one_of_three;
  one_of_three.release.threshold = 1;
  const Root weak = *next_root(org_.grown(), one_of_three, Organisation::now());
  install({org_.grown_document(), Organisation::sign(weak, {&org_.alice, &org_.bob})});
  ASSERT_TRUE(publish_with({&org_.alice, &org_.pointer}));
  auto stolen = publisher_.options();
  stolen.keys = {&org_.carol, &org_.pointer};
  stolen.release_version = std::numeric_limits<std::int64_t>::max();
  ASSERT_TRUE(publish(*store_, publisher_.clock, stolen));

  const Root after = *revoke_key(weak, org_.carol.public_key(), std::nullopt, 0,
                                 Organisation::now());
  install({Organisation::sign(after, {&org_.alice, &org_.bob})});
  EXPECT_EQ(store_->newest(virtual_root(org_.single.public_key()), "stable", "x86_64"), nullptr);
  publisher_.clock.time.seconds += 1000;
  const auto renewed = renew(*store_, publisher_.clock,
                             {.keys = {&org_.alice, &org_.pointer}, .lifetime = 0});
  ASSERT_FALSE(renewed);
  EXPECT_EQ(renewed.error().code, ErrorCode::kNotGranted);
  EXPECT_EQ(code(publish_with({&org_.alice, &org_.pointer})), ErrorCode::kUsage);
  auto options = publisher_.options();
  options.keys = {&org_.alice, &org_.pointer};
  options.release_version = 2;
  const auto made = publish(*store_, publisher_.clock, options);
  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_EQ(store_->newest(after, "stable", "x86_64")->manifest.release_version, 2u);
}

TEST_F(TrustStore, TheRootsFloorIsTheLowestVersionThatIsPublished) {
  RootChanges changes;
  changes.floors = {{"stable", "", 40}};
  const Root root = *next_root(org_.grown(), changes, Organisation::now());
  install({org_.grown_document(), Organisation::sign(root, {&org_.alice, &org_.bob})});
  auto options = publisher_.options();
  options.keys = {&org_.alice, &org_.bob, &org_.pointer};
  options.release_version = 39;
  EXPECT_EQ(code(publish(*store_, publisher_.clock, options)), ErrorCode::kRollback);
  const auto made = publish_with(options.keys);
  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_EQ(made->manifest.release_version, 40u);
}

TEST_F(TrustStore, SaysHowLongAMachineCanBeKeptOnARelease) {
  install({org_.grown_document()});
  auto options = publisher_.options();
  options.keys = {&org_.alice, &org_.bob, &org_.pointer};
  options.lifetime = 86400;
  const auto day = publish(*store_, publisher_.clock, options);
  ASSERT_TRUE(day);
  EXPECT_EQ(kept_until(*store_, *day), day->manifest.expires);
  options.lifetime = 0;
  const auto never = publish(*store_, publisher_.clock, options);
  ASSERT_TRUE(never);
  EXPECT_EQ(kept_until(*store_, *never), org_.grown().expires);
  EXPECT_NE(published_text(*store_, {*never}).find("until"), std::string::npos);
}

TEST_F(TrustStore, AProviderAnswersWithAllThatFollowsARoot) {
  install({org_.grown_document(), org_.rotated_document()});
  Catalogue catalogue;
  add_chains(catalogue, store_->chains());
  for (const Root& from : {virtual_root(org_.single.public_key()), org_.grown()}) {
    const auto entry = catalogue.find(next_root_path(from));
    ASSERT_NE(entry, nullptr) << next_root_path(from);
    const auto body = ByteView(*entry->memory).subspan(entry->offset, entry->size);
    EXPECT_EQ(entry->etag, to_hex(sha256(body)));
    const auto documents = decode_root_chain(body);
    ASSERT_TRUE(documents) << documents.error().detail;
    EXPECT_EQ(follow_roots(from, *documents).root, org_.rotated());
  }
  EXPECT_EQ(catalogue.find(next_root_path(org_.rotated())), nullptr);
  EXPECT_NE(catalogue.find("/trust/2.root.dsse"), nullptr);
}

// A power cut at any writing call leaves a chain that is whole as far as it goes.
TEST_F(TrustStore, APowerCutLeavesAShorterChain) {
  const std::vector<Bytes> documents{org_.grown_document(), org_.rotated_document()};
  std::set<std::uint64_t> versions;
  bool through = false;
  for (std::uint64_t n = 1; !through; ++n) {
    SCOPED_TRACE("stopped at writing call " + std::to_string(n));
    ASSERT_LT(n, 200u);
    const TempFolder folder;
    const auto path = folder.path() + "/store";
    (void)open_store(path);
    FaultFiles files(path, n);
    const auto store = Store::open(files, {.path = path, .create = false});
    through = store && (*store)->add_roots(base_, documents, true) && !files.crashed();
    files.power_cut(Survives::kSyncedOnly);
    const auto after = open_store(path);
    versions.insert(after->chains().empty() ? 1 : after->chains().front().current().version);
    const auto again = after->add_roots(base_, documents, true);
    ASSERT_TRUE(again) << again.error().detail;
    ASSERT_EQ(after->chains().size(), 1u);
    EXPECT_EQ(after->chains().front().current(), org_.rotated());
  }
  EXPECT_EQ(versions, (std::set<std::uint64_t>{1, 2, 3}));
}

}  // namespace
}  // namespace phase::node::test
