#include "proto/envelope.h"

#include <algorithm>

#include "tests/unit/proto/support.h"

namespace phase {
namespace {

using test::key;

constexpr const char* kType = "application/vnd.phase-boot.test.v1";
const Bytes kPayload{'p', 'a', 'y', 'l', 'o', 'a', 'd'};

std::vector<PublicKey> keys(std::initializer_list<std::uint8_t> numbers) {
  std::vector<PublicKey> out;
  for (const std::uint8_t number : numbers) out.push_back(key(number).public_key());
  return out;
}

Bytes signed_by(const std::vector<std::uint8_t>& numbers, std::string_view type = kType) {
  std::vector<SecretKey> owned;
  for (const std::uint8_t number : numbers) owned.push_back(key(number));
  std::vector<const SecretKey*> pointers;
  for (const SecretKey& one : owned) pointers.push_back(&one);
  return sign_envelope(type, kPayload, pointers);
}

/// A protobuf field of wire type 2.
Bytes field(std::uint8_t number, ByteView content) {
  check(content.size() < 128, "one byte of length");
  Bytes out(content.size() + 2);
  out[0] = static_cast<std::uint8_t>(number << 3 | 2);
  out[1] = static_cast<std::uint8_t>(content.size());
  std::copy(content.begin(), content.end(), out.begin() + 2);
  return out;
}

Bytes operator+(const Bytes& left, const Bytes& right) {
  Bytes out(left.size() + right.size());
  std::copy(left.begin(), left.end(), out.begin());
  std::copy(right.begin(), right.end(), out.begin() + static_cast<std::ptrdiff_t>(left.size()));
  return out;
}

Bytes text(std::string_view value) {
  return {value.begin(), value.end()};
}

// The example of the DSSE specification (protocol.md).
TEST(Envelope, EncodesBeforeAuthenticationAsDsseSays) {
  EXPECT_EQ(as_text(pre_authentication_encoding("http://example.com/HelloWorld",
                                                as_bytes("hello world"))),
            "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  EXPECT_EQ(as_text(pre_authentication_encoding("", {})), "DSSEv1 0  0 ");
}

TEST(Envelope, GivesBackWhatWasSigned) {
  const auto payload = verify_envelope(signed_by({1}), kType, keys({1}), 1);
  ASSERT_TRUE(payload.ok()) << payload.error().detail;
  EXPECT_EQ(*payload, kPayload);
}

TEST(Envelope, IsTheProtobufFormOfDsse) {
  const Signature signature = key(1).sign(pre_authentication_encoding(kType, kPayload));
  const Bytes entry = field(1, signature) + field(2, as_bytes(key(1).public_key().id()));
  EXPECT_EQ(signed_by({1}), field(1, kPayload) + field(2, as_bytes(kType)) + field(3, entry));
}

TEST(Envelope, RefusesASignatureForAnotherKindOfDocument) {
  EXPECT_ERROR(verify_envelope(signed_by({1}), "application/other", keys({1}), 1),
               ErrorCode::kMalformed);
  // The same signature, its document relabelled.
  auto view = *decode_envelope(signed_by({1}, "application/other"));
  const Bytes relabelled = field(1, view.payload) + field(2, as_bytes(kType)) +
                           field(3, field(1, view.signatures[0].signature) +
                                        field(2, as_bytes(view.signatures[0].key_id)));
  EXPECT_ERROR(verify_envelope(relabelled, kType, keys({1}), 1), ErrorCode::kBadSignature);
}

TEST(Envelope, RefusesOneWithoutSignatures) {
  EXPECT_ERROR(verify_envelope(signed_by({}), kType, keys({1}), 1), ErrorCode::kUnsigned);
}

TEST(Envelope, RefusesKeysThatAreNotTrusted) {
  EXPECT_ERROR(verify_envelope(signed_by({2, 3}), kType, keys({1}), 1), ErrorCode::kWrongKey);
  EXPECT_ERROR(verify_envelope(signed_by({1}), kType, {}, 1), ErrorCode::kWrongKey);
}

TEST(Envelope, RefusesATrustedNameOverAnothersSignature) {
  auto view = *decode_envelope(signed_by({2}));
  const Bytes renamed = field(1, kPayload) + field(2, as_bytes(kType)) +
                        field(3, field(1, view.signatures[0].signature) +
                                     field(2, as_bytes(key(1).public_key().id())));
  EXPECT_ERROR(verify_envelope(renamed, kType, keys({1}), 1), ErrorCode::kBadSignature);
  EXPECT_ERROR(verify_envelope(renamed, kType, keys({1, 2}), 1), ErrorCode::kBadSignature);
}

TEST(Envelope, CountsDistinctTrustedKeysTowardsTheThreshold) {
  EXPECT_TRUE(verify_envelope(signed_by({1, 2}), kType, keys({1, 2, 3}), 2).ok());
  EXPECT_TRUE(verify_envelope(signed_by({1, 9, 2}), kType, keys({1, 2, 3}), 2).ok());
  EXPECT_ERROR(verify_envelope(signed_by({1, 9}), kType, keys({1, 2, 3}), 2), ErrorCode::kWrongKey);
  EXPECT_ERROR(verify_envelope(signed_by({1, 1, 1}), kType, keys({1, 2}), 2), ErrorCode::kWrongKey);
  EXPECT_ERROR(verify_envelope(signed_by({1, 1}), kType, keys({1, 1}), 2), ErrorCode::kWrongKey);
}

TEST(Envelope, NamesItsSigners) {
  const auto opened = open_envelope(signed_by({2, 9, 1, 2}), kType, keys({1, 2}), 1);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->signers, keys({2, 1}));
}

TEST(Envelope, OneBadSignatureOfATrustedKeySpoilsIt) {
  Bytes spoiled = signed_by({1, 2});
  spoiled[spoiled.size() - 30] ^= 1;  // in the second signature
  EXPECT_ERROR(verify_envelope(spoiled, kType, keys({1, 2}), 1), ErrorCode::kBadSignature);
}

TEST(Envelope, RefusesACutAtEveryLength) {
  const Bytes whole = signed_by({1, 2});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(verify_envelope(ByteView(whole).first(size), kType, keys({1, 2}), 2).ok()) << size;
  }
}

TEST(Envelope, RefusesAFlipOfEveryBit) {
  const Bytes whole = signed_by({1, 2});
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes flipped = whole;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_FALSE(verify_envelope(flipped, kType, keys({1, 2}), 2).ok()) << bit;
  }
}

// All of these decode to the same fields in a lenient reader.
TEST(Envelope, RefusesAnyOtherEncodingOfTheSame) {
  const Bytes whole = signed_by({1});
  const auto view = *decode_envelope(whole);
  const Bytes payload = field(1, kPayload);
  const Bytes type = field(2, as_bytes(kType));
  const Bytes signature = field(1, view.signatures[0].signature);
  const Bytes id = field(2, as_bytes(view.signatures[0].key_id));
  const Bytes entry = field(3, signature + id);
  ASSERT_EQ(payload + type + entry, whole);

  const Bytes unknown = field(9, text("x"));
  const Bytes long_length =
      Bytes{1 << 3 | 2, static_cast<std::uint8_t>(kPayload.size() | 0x80), 0} + kPayload;
  const std::vector<Bytes> others = {
      type + payload + entry,                        // another order
      payload + type + field(3, id + signature),     // another order within
      payload + payload + type + entry,              // a field twice
      field(1, text("x")) + payload + type + entry,  // the last one wins
      payload + type + entry + unknown,              // unknown fields
      unknown + payload + type + entry,
      payload + type + field(3, signature + id + unknown),
      long_length + type + entry,                              // a length of more bytes than needed
      payload + type + entry + Bytes{0},                       // a zero tag
      payload + type + entry + Bytes{9 << 3 | 3, 9 << 3 | 4},  // an empty group
  };
  for (std::size_t i = 0; i < others.size(); ++i) {
    EXPECT_ERROR(verify_envelope(others[i], kType, keys({1}), 1), ErrorCode::kMalformed);
  }
}

TEST(Envelope, RefusesFieldsOutsideTheLimits) {
  const Bytes payload = field(1, kPayload);
  const Bytes type = field(2, as_bytes(kType));
  const Bytes good = field(3, field(1, Bytes(64, 1)) + field(2, text("id")));
  ASSERT_TRUE(decode_envelope(payload + type + good).ok());
  for (const Bytes& bad :
       {Bytes{}, payload, type, type + good, payload + good,
        payload + field(2, text("with space")) + good, payload + field(2, text("a\n")) + good,
        payload + type + field(3, field(1, Bytes(63, 1)) + field(2, text("id"))),
        payload + type + field(3, field(1, Bytes(65, 1)) + field(2, text("id"))),
        payload + type + field(3, field(2, text("id"))),
        payload + type + field(3, field(1, Bytes(10, 1)) + field(2, Bytes(65, 'i'))),
        payload + type + field(3, field(1, Bytes(64, 1)) + field(2, text("\x1b[2J")))}) {
    EXPECT_ERROR(decode_envelope(bad), ErrorCode::kMalformed);
  }
}

TEST(Envelope, RefusesTooManySignaturesAndTooManyBytes) {
  const Bytes good = field(3, field(1, Bytes(64, 1)) + field(2, text("id")));
  Bytes most = field(1, kPayload) + field(2, as_bytes(kType));
  for (std::size_t i = 0; i < kMaxSignatures; ++i) most = most + good;
  EXPECT_TRUE(decode_envelope(most).ok());
  EXPECT_ERROR(decode_envelope(most + good), ErrorCode::kMalformed);
  EXPECT_ERROR(decode_envelope(Bytes(kMaxEnvelopeBytes + 1)), ErrorCode::kMalformed);
}

TEST(EnvelopeDeathTest, AThresholdOfNoneIsADefectOfOurs) {
  EXPECT_DEATH((void)verify_envelope(signed_by({}), kType, keys({1}), 0), "threshold");
}

}  // namespace
}  // namespace phase
