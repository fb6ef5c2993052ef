// BEP 44 items: the vectors of BEP 44 and BEP 46, then our own three.
#include "proto/pointer.h"
#include "tests/unit/proto/support.h"

namespace phase {
namespace {

using test::key;

// BEP 44, "test vectors", 1 and 2: one key, one value, without and with a salt.
SignedItem bep44(const std::string& salt, const char* signature) {
  const auto key_bytes =
      from_hex("77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548");
  const auto value = as_bytes("12:Hello World!");
  return {PublicKey{*exactly<32>(*key_bytes)}, salt, 1, Bytes(value.begin(), value.end()),
          *exactly<64>(*from_hex(signature))};
}

SignedItem bep44_without_salt() {
  return bep44("",
               "305ac8aeb6c9c151fa120f120ea2cfb923564e11552d06a5d856091e5e853cff"
               "1260d3f39e4999684aa92eb73ffd136e6f4f3ecbfda0ce53a1608ecd7ae21f01");
}

SignedItem bep44_with_salt() {
  return bep44("foobar",
               "6834284b6b24c3204eb2fea824d82f88883a3d95e8b4a21b8c0ded553d17d17d"
               "df9a8a7104b1258f30bed3787e6cb896fca78c58f8e03b5f18f14951a87d9a08");
}

std::vector<SignedItem> three_items() {
  std::vector<SignedItem> items;
  for (int i = 0; i < kPointerSalts; ++i) {
    items.push_back(
        sign_item(key(1), pointer_salt("stable", "x86_64", i), 1700000000, Bytes(3, 'e')));
  }
  return items;
}

TEST(SignedItem, VerifiesTheVectorsOfBep44) {
  const SignedItem plain = bep44_without_salt();
  EXPECT_EQ(as_text(signing_buffer(plain.salt, plain.seq, plain.value)),
            "3:seqi1e1:v12:Hello World!");
  EXPECT_EQ(to_hex(plain.target()), "4a533d47ec9c7d95b1ad75f576cffc641853b750");
  EXPECT_TRUE(verify_item(plain).ok());

  const SignedItem salted = bep44_with_salt();
  EXPECT_EQ(as_text(signing_buffer(salted.salt, salted.seq, salted.value)),
            "4:salt6:foobar3:seqi1e1:v12:Hello World!");
  EXPECT_EQ(to_hex(salted.target()), "411eba73b6f087ca51a3795d9c8c938d365e32c1");
  EXPECT_TRUE(verify_item(salted).ok());

  // 3: the target of an immutable item is the hash of its value.
  EXPECT_EQ(to_hex(sha1(plain.value)), "e5f96f6f38320f0f33959cb4d3d656452117aadb");
}

// BEP 46, "test vectors": the same key without and with the salt "n".
TEST(SignedItem, LiesWhereBep46Says) {
  SignedItem item;
  item.key.bytes =
      *exactly<32>(*from_hex("8543d3e6115f0f98c944077a4493dcd543e49c739fd998550a1f614ab36ed63e"));
  EXPECT_EQ(to_hex(item.target()), "cc3f9d90b572172053626f9980ce261a850d050b");
  item.salt.assign(1, 'n');
  EXPECT_EQ(to_hex(item.target()), "59ee7c2cb9b4f7eb1986ee2d18fd2fdb8a56554f");
}

TEST(SignedItem, RefusesASignatureForAnotherSaltSeqOrValue) {
  const SignedItem good = three_items()[0];
  ASSERT_TRUE(verify_item(good).ok());
  SignedItem bad = good;
  bad.salt = pointer_salt("stable", "x86_64", 1);
  EXPECT_ERROR(verify_item(bad), ErrorCode::kBadSignature);
  bad = good;
  bad.salt.clear();
  EXPECT_ERROR(verify_item(bad), ErrorCode::kBadSignature);
  bad = good;
  ++bad.seq;
  EXPECT_ERROR(verify_item(bad), ErrorCode::kBadSignature);
  bad = good;
  bad.value[1] ^= 1;
  EXPECT_ERROR(verify_item(bad), ErrorCode::kBadSignature);
  bad = good;
  bad.key = key(2).public_key();
  EXPECT_ERROR(verify_item(bad), ErrorCode::kBadSignature);
  bad = good;
  bad.signature[63] ^= 0x80;
  EXPECT_ERROR(verify_item(bad), ErrorCode::kBadSignature);
}

TEST(SignedItem, RefusesWhatIsOverBep44sLimits) {
  SignedItem item = three_items()[0];
  item.salt = std::string(kMaxSaltBytes + 1, 's');
  EXPECT_ERROR(verify_item(item), ErrorCode::kMalformed);
  item = three_items()[0];
  item.value = Bytes(kMaxPointerBytes + 1);
  EXPECT_ERROR(verify_item(item), ErrorCode::kMalformed);
  item.value.clear();
  EXPECT_ERROR(verify_item(item), ErrorCode::kMalformed);
  item = three_items()[0];
  item.seq = -1;
  EXPECT_ERROR(verify_item(item), ErrorCode::kMalformed);
}

TEST(SignedItems, GoToBytesAndBack) {
  const auto before = three_items();
  const Bytes bytes = encode_items(before);
  const auto after = decode_items(bytes, key(1).public_key());
  ASSERT_TRUE(after.ok()) << after.error().detail;
  ASSERT_EQ(after->size(), before.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ((*after)[i].salt, before[i].salt);
    EXPECT_EQ((*after)[i].seq, before[i].seq);
    EXPECT_EQ((*after)[i].value, before[i].value);
    EXPECT_EQ((*after)[i].signature, before[i].signature);
  }
  EXPECT_EQ(encode_items(*after), bytes);
}

TEST(SignedItems, LargestOnesFit) {
  std::vector<SignedItem> items;
  for (const char salt : {'a', 'b', 'c'}) {
    items.push_back(sign_item(key(1), std::string(kMaxSaltBytes, salt), INT64_MAX,
                              Bytes(kMaxPointerBytes, 'v')));
  }
  EXPECT_TRUE(decode_items(encode_items(items), key(1).public_key()).ok());
}

TEST(SignedItems, RefuseAFlipOfEveryBitAndACutAtEveryLength) {
  const Bytes whole = encode_items(three_items());
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes flipped = whole;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_FALSE(decode_items(flipped, key(1).public_key()).ok()) << bit;
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_items(ByteView(whole).first(size), key(1).public_key()).ok()) << size;
  }
}

TEST(SignedItems, RefuseAnotherKeyASaltTwiceAndAnotherNumber) {
  EXPECT_ERROR(decode_items(encode_items(three_items()), key(2).public_key()),
               ErrorCode::kWrongKey);
  auto items = three_items();
  items[1] = items[0];
  EXPECT_ERROR(decode_items(encode_items(items), key(1).public_key()), ErrorCode::kMalformed);
  items = three_items();
  items.push_back(sign_item(key(1), "more", 1, Bytes{'l', 'e'}));
  EXPECT_ERROR(decode_items(encode_items(items), key(1).public_key()), ErrorCode::kMalformed);
  EXPECT_ERROR(decode_items(encode_items({}), key(1).public_key()), ErrorCode::kMalformed);
  EXPECT_ERROR(decode_items(as_bytes("le"), key(1).public_key()), ErrorCode::kMalformed);
  EXPECT_ERROR(decode_items(Bytes(9000, 'l'), key(1).public_key()), ErrorCode::kMalformed);
}

}  // namespace
}  // namespace phase
