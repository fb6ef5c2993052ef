#include "proto/envelope.h"

#include <algorithm>

#include "tests/unit/proto/support.h"

namespace phase {
namespace {

using test::key;

constexpr const char* kType = "application/vnd.phase-boot.test.v1";
const Bytes kPayload{'p', 'a', 'y', 'l', 'o', 'a', 'd'};

RoleKeys role(std::initializer_list<std::uint8_t> numbers, std::int64_t threshold) {
  RoleKeys out{.keys = {}, .threshold = threshold};
  for (const std::uint8_t number : numbers) out.keys.push_back(key(number).public_key());
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
  const auto payload = verify_envelope(signed_by({1}), kType, role({1}, 1));
  ASSERT_TRUE(payload.ok()) << payload.error().detail;
  EXPECT_EQ(*payload, kPayload);
}

TEST(Envelope, IsTheProtobufFormOfDsse) {
  const Signature signature = key(1).sign(pre_authentication_encoding(kType, kPayload));
  const Bytes entry = field(1, signature) + field(2, as_bytes(key(1).public_key().id()));
  EXPECT_EQ(signed_by({1}), field(1, kPayload) + field(2, as_bytes(kType)) + field(3, entry));
}

TEST(Envelope, RefusesASignatureForAnotherKindOfDocument) {
  EXPECT_ERROR(verify_envelope(signed_by({1}), "application/other", role({1}, 1)),
               ErrorCode::kMalformed);
  // The same signature, its document relabelled.
  auto view = *decode_envelope(signed_by({1}, "application/other"));
  const Bytes relabelled = field(1, view.payload) + field(2, as_bytes(kType)) +
                           field(3, field(1, view.signatures[0].signature) +
                                        field(2, as_bytes(view.signatures[0].key_id)));
  EXPECT_ERROR(verify_envelope(relabelled, kType, role({1}, 1)), ErrorCode::kBadSignature);
}

TEST(Envelope, RefusesOneWithoutSignatures) {
  EXPECT_ERROR(verify_envelope(signed_by({}), kType, role({1}, 1)), ErrorCode::kUnsigned);
}

TEST(Envelope, RefusesKeysThatAreNotTrusted) {
  EXPECT_ERROR(verify_envelope(signed_by({2, 3}), kType, role({1}, 1)), ErrorCode::kWrongKey);
  EXPECT_ERROR(verify_envelope(signed_by({1}), kType, role({}, 1)), ErrorCode::kWrongKey);
}

TEST(Envelope, RefusesATrustedNameOverAnothersSignature) {
  auto view = *decode_envelope(signed_by({2}));
  const Bytes renamed = field(1, kPayload) + field(2, as_bytes(kType)) +
                        field(3, field(1, view.signatures[0].signature) +
                                     field(2, as_bytes(key(1).public_key().id())));
  EXPECT_ERROR(verify_envelope(renamed, kType, role({1}, 1)), ErrorCode::kBadSignature);
  EXPECT_ERROR(verify_envelope(renamed, kType, role({1, 2}, 1)), ErrorCode::kBadSignature);
}

TEST(Envelope, CountsDistinctTrustedKeysTowardsTheThreshold) {
  EXPECT_TRUE(verify_envelope(signed_by({1, 2}), kType, role({1, 2, 3}, 2)).ok());
  EXPECT_TRUE(verify_envelope(signed_by({1, 9, 2}), kType, role({1, 2, 3}, 2)).ok());
  EXPECT_ERROR(verify_envelope(signed_by({1, 9}), kType, role({1, 2, 3}, 2)), ErrorCode::kWrongKey);
  EXPECT_ERROR(verify_envelope(signed_by({1, 1, 1}), kType, role({1, 2}, 2)), ErrorCode::kWrongKey);
  EXPECT_ERROR(verify_envelope(signed_by({1, 1}), kType, role({1, 1}, 2)), ErrorCode::kWrongKey);
}

// TUF 5.3.4: a signature that does not verify is not counted. Anybody who passes an envelope on can
// add one; that must not take a release away from those who ask for it.
TEST(Envelope, OneBadSignatureTakesNothingFromThoseThatMatch) {
  Bytes altered = signed_by({1, 2});
  altered[altered.size() - 30] ^= 1;  // in the second signature
  EXPECT_TRUE(verify_envelope(altered, kType, role({1, 2}, 1)).ok());
  EXPECT_ERROR(verify_envelope(altered, kType, role({1, 2}, 2)), ErrorCode::kBadSignature);
  EXPECT_ERROR(verify_envelope(altered, kType, role({2}, 1)), ErrorCode::kBadSignature);
}

TEST(Envelope, RefusesACutAtEveryLength) {
  const Bytes whole = signed_by({1, 2});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(verify_envelope(ByteView(whole).first(size), kType, role({1, 2}, 2)).ok()) << size;
  }
}

TEST(Envelope, RefusesAFlipOfEveryBit) {
  const Bytes whole = signed_by({1, 2});
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes flipped = whole;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_FALSE(verify_envelope(flipped, kType, role({1, 2}, 2)).ok()) << bit;
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
    EXPECT_ERROR(verify_envelope(others[i], kType, role({1}, 1)), ErrorCode::kMalformed);
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

/// A field of 128 to 16383 bytes.
Bytes long_field(std::uint8_t number, const Bytes& content) {
  return Bytes{static_cast<std::uint8_t>(number << 3 | 2),
               static_cast<std::uint8_t>(content.size() | 0x80),
               static_cast<std::uint8_t>(content.size() >> 7)} +
         content;
}

TEST(Envelope, RefusesTypesAndKeyIdsThatAreTooLongOrUnprintable) {
  const Bytes payload = field(1, kPayload);
  const Bytes type = field(2, as_bytes(kType));
  const auto named = [&](const Bytes& id) {
    const Bytes entry = field(1, Bytes(64, 1)) + field(2, id);
    return payload + type + (entry.size() < 128 ? field(3, entry) : long_field(3, entry));
  };
  EXPECT_TRUE(decode_envelope(payload + long_field(2, Bytes(128, 't'))).ok());
  EXPECT_ERROR(decode_envelope(payload + long_field(2, Bytes(129, 't'))), ErrorCode::kMalformed);
  EXPECT_ERROR(decode_envelope(payload + field(2, text("a\x7f"))), ErrorCode::kMalformed);
  EXPECT_TRUE(decode_envelope(named(Bytes(64, 'i'))).ok());
  EXPECT_ERROR(decode_envelope(named(Bytes(65, 'i'))), ErrorCode::kMalformed);
  EXPECT_ERROR(decode_envelope(named(text("\x80"))), ErrorCode::kMalformed);
}

TEST(Envelope, RefusesTooManySignaturesAndTooManyBytes) {
  const Bytes good = field(3, field(1, Bytes(64, 1)) + field(2, text("id")));
  Bytes most = field(1, kPayload) + field(2, as_bytes(kType));
  for (std::size_t i = 0; i < kMaxSignatures; ++i) most = most + good;
  EXPECT_TRUE(decode_envelope(most).ok());
  EXPECT_ERROR(decode_envelope(most + good), ErrorCode::kMalformed);
  EXPECT_ERROR(decode_envelope(Bytes(kMaxEnvelopeBytes + 1)), ErrorCode::kMalformed);
}

TEST(Envelope, AThresholdBelowOneIsMetByNobody) {
  for (const std::int64_t threshold : {std::int64_t{0}, std::int64_t{-1}, INT64_MIN}) {
    EXPECT_FALSE(verify_envelope(signed_by({}), kType, role({1}, threshold)).ok());
    EXPECT_FALSE(verify_envelope(signed_by({1}), kType, role({1}, threshold)).ok());
    EXPECT_FALSE(verify_envelope(signed_by({1, 2}), kType, role({}, threshold)).ok());
  }
}

// A document travels as a file; each holder adds a signature to those that are there.
TEST(Envelope, HoldersAddTheirSignaturesOneAfterTheOther) {
  const SecretKey first = key(1);
  const SecretKey second = key(2);
  const auto once = add_signatures(signed_by({}), {&first});
  ASSERT_TRUE(once.ok());
  EXPECT_EQ(*once, signed_by({1}));
  const auto twice = add_signatures(*once, {&second});
  ASSERT_TRUE(twice.ok());
  EXPECT_EQ(*twice, signed_by({1, 2}));
  EXPECT_EQ(*add_signatures(*twice, {&first, &second}), *twice) << "who signed already";
  EXPECT_EQ(*add_signatures(*twice, {}), *twice);

  Bytes altered = *twice;
  altered[altered.size() - 30] ^= 1;
  EXPECT_EQ(*add_signatures(altered, {&second}), *twice) << "the good one takes the bad one's place";
}

TEST(Envelope, EncodesWhatItDecoded) {
  auto view = decode_envelope(signed_by({1, 2}));
  ASSERT_TRUE(view.ok());
  EXPECT_EQ(*encode_envelope(*view), signed_by({1, 2}));
  view->signatures.pop_back();
  EXPECT_EQ(*encode_envelope(*view), signed_by({1}));
  view->signatures.resize(kMaxSignatures + 1, view->signatures.front());
  EXPECT_ERROR(encode_envelope(*view), ErrorCode::kUsage);
}

TEST(Envelope, AddsNoSignatureToWhatIsNoneOrFull) {
  const SecretKey mine = key(99);
  EXPECT_ERROR(add_signatures(as_bytes("garbage"), {&mine}), ErrorCode::kMalformed);
  std::vector<std::uint8_t> most;
  for (std::uint8_t i = 1; i <= kMaxSignatures; ++i) most.push_back(i);
  EXPECT_ERROR(add_signatures(signed_by(most), {&mine}), ErrorCode::kUsage);
  const Bytes large = sign_envelope(kType, Bytes(kMaxEnvelopeBytes - 50, 1), {});
  EXPECT_ERROR(add_signatures(large, {&mine}), ErrorCode::kUsage);
}

}  // namespace
}  // namespace phase
