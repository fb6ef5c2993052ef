// Goal: what holders signed apart from each other becomes one document, and nothing gets into it that
// does not count. Method: an organisation's next root, signed in copies; each fault alone.
#include "node/signed_copies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/node/role_fixture.h"

namespace phase::node::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SignedCopies : public ::testing::Test {
 protected:
  [[nodiscard]] Bytes by(std::initializer_list<const SecretKey*> keys) const {
    return Organisation::sign(org_.grown(), keys);
  }
  /// Of version 2: the single key and its own three.
  [[nodiscard]] std::vector<RoleKeys> roles() const {
    return {virtual_root(org_.single.public_key()).root, org_.grown().root};
  }
  void expect_refused(ByteView document, const Bytes& copy, ErrorCode code,
                      const std::string& why) const {
    const auto made = put_together(document, {{"bob/2.root", copy}}, roles());
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, code) << made.error().detail;
    EXPECT_THAT(made.error().detail, HasSubstr("together with bob/2.root: "));
    EXPECT_THAT(made.error().detail, HasSubstr(why));
  }
  Organisation org_;
};

TEST_F(SignedCopies, BecomeOneDocumentThatIsAStep) {
  const auto made = put_together(
      by({}), {{"single", by({&org_.single})}, {"alice", by({&org_.alice})}, {"bob", by({&org_.bob})}},
      roles());
  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_EQ(made->bytes, by({&org_.single, &org_.alice, &org_.bob}));
  EXPECT_THAT(made->added, ElementsAre(org_.single.public_key(), org_.alice.public_key(),
                                       org_.bob.public_key()));
  const auto followed = follow_roots(virtual_root(org_.single.public_key()), {made->bytes});
  EXPECT_EQ(followed.root, org_.grown());
}

TEST_F(SignedCopies, WhoSignedSeveralOfThemStandsInItOnce) {
  const auto made = put_together(
      by({&org_.alice}),
      {{"first", by({&org_.alice, &org_.bob})}, {"second", by({&org_.bob, &org_.single})}}, roles());
  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_EQ(made->bytes, by({&org_.alice, &org_.bob, &org_.single}));
  EXPECT_THAT(made->added, ElementsAre(org_.bob.public_key(), org_.single.public_key()));

  const auto doubled = put_together(by({&org_.alice, &org_.alice}), {}, roles());
  ASSERT_TRUE(doubled) << doubled.error().detail;
  EXPECT_EQ(doubled->bytes, by({&org_.alice}));
  EXPECT_THAT(doubled->added, IsEmpty());
}

TEST_F(SignedCopies, AnotherDocumentIsRefused) {
  const Bytes other = org_.rotated_document();
  expect_refused(by({&org_.alice}), other, ErrorCode::kUsage, "is another document");
  // The same draft made a second time differs in its time alone.
  Root later = org_.grown();
  later.created.seconds += 1;
  expect_refused(by({&org_.alice}), Organisation::sign(later, {&org_.bob}), ErrorCode::kUsage,
                 to_hex(sha256(*encode_root(later))));
  // The same bytes as another kind of document are signed as another.
  expect_refused(by({}), sign_envelope(kManifestType, *encode_root(org_.grown()), {&org_.bob}),
                 ErrorCode::kUsage, "is another document");
}

TEST_F(SignedCopies, ASignatureThatDoesNotMatchIsRefused) {
  const Bytes good = by({&org_.bob});
  auto view = decode_envelope(good);
  ASSERT_TRUE(view);
  view->signatures.front().signature[5] ^= 1;
  expect_refused(by({&org_.alice}), *encode_envelope(*view), ErrorCode::kBadSignature,
                 org_.bob.public_key().id());
  // Somebody else's, under a holder's name.
  view->signatures = decode_envelope(by({&org_.dora}))->signatures;
  view->signatures.front().key_id = org_.bob.public_key().id();
  expect_refused(by({&org_.alice}), *encode_envelope(*view), ErrorCode::kBadSignature,
                 org_.bob.public_key().id());
}

TEST_F(SignedCopies, AKeyWithoutARoleIsRefused) {
  expect_refused(by({&org_.alice}), by({&org_.bob, &org_.dora}), ErrorCode::kWrongKey,
                 org_.dora.public_key().id() + " has no say");
}

TEST_F(SignedCopies, ACopyThatNobodySignedOrThatIsNoneIsRefused) {
  expect_refused(by({&org_.alice}), by({}), ErrorCode::kUnsigned, "nobody signed it");
  expect_refused(by({&org_.alice}), Bytes(40, 7), ErrorCode::kMalformed, "envelope");
}

TEST_F(SignedCopies, TheDocumentsOwnSignaturesAreHeldToTheSameRules) {
  const auto stranger = put_together(by({&org_.dora}), {{"bob", by({&org_.bob})}}, roles());
  ASSERT_FALSE(stranger);
  EXPECT_EQ(stranger.error().code, ErrorCode::kWrongKey);
  EXPECT_EQ(put_together(Bytes(40, 7), {{"bob", by({&org_.bob})}}, roles()).error().code,
            ErrorCode::kMalformed);
}

}  // namespace
}  // namespace phase::node::test
