// Goal: signatures are counted right, whatever somebody put between them. Method: one message, and
// lists of signatures of which some are missing, repeated, renamed, of others or altered.
#include "proto/signers.h"

#include "tests/unit/proto/roots.h"

namespace phase {
namespace {

using test::key;
using test::role;
using test::signatures_of;
using testing::HasSubstr;

const Bytes kMessage = test::pattern(300);

Result<std::vector<PublicKey>> check_by(const test::KeyNumbers& signers, const RoleKeys& role) {
  return check_signers(kMessage, signatures_of(kMessage, signers), role);
}

TEST(Signers, AreEnoughAtTheThreshold) {
  EXPECT_ERROR(check_by({1}, role({1, 2, 3}, 2)), ErrorCode::kWrongKey);
  EXPECT_TRUE(check_by({1, 3}, role({1, 2, 3}, 2)).ok());
  EXPECT_TRUE(check_by({3, 2, 1}, role({1, 2, 3}, 3)).ok());
  EXPECT_TRUE(check_by({2}, role({1, 2, 3}, 1)).ok());
}

TEST(Signers, AreNamedOnceInTheOrderOfTheSignatures) {
  const auto signers = check_by({3, 9, 1, 3}, role({1, 2, 3}, 2));
  ASSERT_TRUE(signers.ok());
  EXPECT_EQ(*signers, role({3, 1}).keys);
}

TEST(Signers, NobodyIsUnsignedEvenWhereNobodyIsNeeded) {
  EXPECT_ERROR(check_signers(kMessage, {}, role({1})), ErrorCode::kUnsigned);
  EXPECT_ERROR(check_signers(kMessage, {}, role({1}, 0)), ErrorCode::kUnsigned);
}

// A role comes out of a document; one whose threshold is none must not let everything pass.
TEST(Signers, AThresholdBelowOneIsMetByNobody) {
  for (const std::int64_t threshold : {std::int64_t{0}, std::int64_t{-1}, INT64_MIN}) {
    EXPECT_ERROR(check_by({1}, role({1}, threshold)), ErrorCode::kWrongKey);
    EXPECT_ERROR(check_by({9}, role({1}, threshold)), ErrorCode::kWrongKey);
  }
}

TEST(Signers, AThresholdBeyondTheKeysIsMetByNobody) {
  for (const std::int64_t threshold :
       {std::int64_t{3}, std::int64_t{1} << 31, std::int64_t{1} << 32, INT64_MAX}) {
    EXPECT_ERROR(check_by({1, 2, 1, 2}, role({1, 2}, threshold)), ErrorCode::kWrongKey);
  }
}

TEST(Signers, OneKeyTwiceCountsOnce) {
  EXPECT_ERROR(check_by({1, 1, 1}, role({1, 2}, 2)), ErrorCode::kWrongKey);
  EXPECT_ERROR(check_by({1, 1}, role({1, 1}, 2)), ErrorCode::kWrongKey) << "listed twice as well";
}

// A key id is only a hint. The same signature under another name is still the same key's.
TEST(Signers, OneKeyUnderTwoNamesCountsOnce) {
  auto signatures = signatures_of(kMessage, {1, 1});
  signatures[1].key_id = key(2).public_key().id();
  EXPECT_ERROR(check_signers(kMessage, signatures, role({1, 2}, 2)), ErrorCode::kBadSignature);
  signatures[1].key_id = "another-name";
  EXPECT_ERROR(check_signers(kMessage, signatures, role({1, 2}, 2)), ErrorCode::kWrongKey);
}

TEST(Signers, StrangersCountForNothing) {
  const auto refused = check_by({8, 9}, role({1, 2}, 1));
  EXPECT_ERROR(refused, ErrorCode::kWrongKey);
  EXPECT_THAT(refused.error().detail, HasSubstr(key(8).public_key().id()));
  EXPECT_THAT(refused.error().detail, HasSubstr(key(9).public_key().id()));
  EXPECT_THAT(refused.error().detail, HasSubstr("0 of 1"));
  EXPECT_ERROR(check_by({1}, role({}, 1)), ErrorCode::kWrongKey);
}

TEST(Signers, AnAlteredSignatureIsNotCountedAndNamed) {
  auto signatures = signatures_of(kMessage, {1, 2});
  signatures[0].signature[5] ^= 1;
  EXPECT_TRUE(check_signers(kMessage, signatures, role({1, 2}, 1)).ok());
  const auto refused = check_signers(kMessage, signatures, role({1, 2}, 2));
  EXPECT_ERROR(refused, ErrorCode::kBadSignature);
  EXPECT_THAT(refused.error().detail, HasSubstr(key(1).public_key().id()));
}

TEST(Signers, AnAlteredSignatureBeforeTheGoodOneOfTheSameKeyTakesNothingFromIt) {
  auto signatures = signatures_of(kMessage, {1, 1});
  signatures[0].signature.fill(0);
  EXPECT_TRUE(check_signers(kMessage, signatures, role({1}, 1)).ok());
}

TEST(Signers, ASignatureIsForItsMessageAlone) {
  Bytes other = kMessage;
  other.back() ^= 1;
  EXPECT_ERROR(check_signers(other, signatures_of(kMessage, {1}), role({1})),
               ErrorCode::kBadSignature);
  other = kMessage;
  other.push_back(0);
  EXPECT_ERROR(check_signers(other, signatures_of(kMessage, {1}), role({1})),
               ErrorCode::kBadSignature);
}

// Every set of signers of a role of four, against every threshold.
TEST(Signers, CountEverySetOfSigners) {
  for (unsigned set = 1; set < 16; ++set) {
    test::KeyNumbers signers;
    for (std::uint8_t i = 0; i < 4; ++i) {
      if ((set >> i & 1U) != 0) signers.push_back(static_cast<std::uint8_t>(i + 1));
    }
    for (std::int64_t threshold = 1; threshold <= 4; ++threshold) {
      const bool enough = static_cast<std::int64_t>(signers.size()) >= threshold;
      EXPECT_EQ(check_by(signers, role({1, 2, 3, 4}, threshold)).ok(), enough)
          << set << " " << threshold;
    }
  }
}

}  // namespace
}  // namespace phase
