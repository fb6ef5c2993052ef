#include "proto/keys.h"

#include <algorithm>

#include "tests/unit/proto/support.h"

namespace phase {
namespace {

using test::key;

class Fixed final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override { std::fill(out.begin(), out.end(), 9); }
};

struct Rfc8032 {
  const char* seed;
  const char* public_key;
  const char* message;
  const char* signature;
};

// RFC 8032, section 7.1: TEST 1, 2, 3 and SHA(abc).
constexpr Rfc8032 kRfc8032[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "4"
     "6bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d"
     "8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
     "6"
     "594a7c15e9716ed28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fee"
     "b"
     "bd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e"
     "0"
     "303dca179c138ac17ad9bef1177331a704"}};

TEST(Keys, SignAsRfc8032Says) {
  for (const Rfc8032& vector : kRfc8032) {
    const auto secret = SecretKey::from_seed(*from_hex(vector.seed));
    ASSERT_TRUE(secret.ok());
    EXPECT_EQ(secret->public_key().hex(), vector.public_key);
    const Bytes message = *from_hex(vector.message);
    const Signature signature = secret->sign(message);
    EXPECT_EQ(to_hex(signature), vector.signature);
    EXPECT_TRUE(secret->public_key().verify(message, signature));
  }
}

TEST(Keys, RefuseAFlipOfAnyBitOfASignature) {
  const SecretKey secret = key(1);
  const Signature good = secret.sign(as_bytes("message"));
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Signature bad = good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_FALSE(secret.public_key().verify(as_bytes("message"), bad)) << bit;
  }
  EXPECT_FALSE(secret.public_key().verify(as_bytes("messagf"), good));
  EXPECT_FALSE(secret.public_key().verify(as_bytes("messag"), good));
  EXPECT_FALSE(key(2).public_key().verify(as_bytes("message"), good));
}

TEST(Keys, AreReadInHexAndMinisignForm) {
  const PublicKey known = key(1).public_key();
  EXPECT_EQ(*parse_public_key(known.hex()), known);
  EXPECT_EQ(*parse_public_key("  " + known.hex() + "\n"), known);
  std::string upper = known.hex();
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  EXPECT_EQ(*parse_public_key(upper), known);
  EXPECT_EQ(*parse_public_key(known.minisign()), known);
  EXPECT_EQ(*parse_public_key("untrusted comment: minisign public key\n" + known.minisign() + "\n"),
            known);
  EXPECT_EQ(*parse_public_key("untrusted comment: x\r\n" + known.minisign() + "\r\n"), known);
}

// A key that minisign 0.11 made, so its key number is a random one.
TEST(Keys, ReadAKeyOfMinisign) {
  const auto read = parse_public_key(
      "untrusted comment: minisign public key A788A9DC13BE891B\n"
      "RWQbib4T3KmIp1bg8NVLoAX1CcpEvpF1Gx30D/1BRsOR8bMTOBXXLhYi\n");
  ASSERT_TRUE(read.ok()) << read.error().detail;
  EXPECT_EQ(read->hex(), "56e0f0d54ba005f509ca44be91751b1df40ffd4146c391f1b3133815d72e1622");
  EXPECT_EQ(key_number_text(read->key_number()), "A788A9DC13BE891B");
  EXPECT_EQ(read->minisign(), "RWQbib4T3KmIp1bg8NVLoAX1CcpEvpF1Gx30D/1BRsOR8bMTOBXXLhYi");
}

// A number is what minisign calls a key, and anybody can write one; the key is its 32 bytes.
TEST(Keys, AreTheSameUnderAnotherNumber) {
  const PublicKey plain = key(1).public_key();
  PublicKey numbered = plain;
  numbered.minisign_number = KeyNumber{1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ(numbered, plain);
  EXPECT_EQ(numbered <=> plain, std::strong_ordering::equal);
  EXPECT_EQ(numbered.id(), plain.id());
  EXPECT_NE(numbered.minisign(), plain.minisign());
  EXPECT_EQ(parse_public_key(numbered.minisign())->key_number(), numbered.key_number());
  EXPECT_EQ(to_hex(plain.key_number()), plain.id());
}

TEST(Keys, HaveNumbersThatGoToTextAndBack) {
  const KeyNumber number{0x1b, 0x89, 0xbe, 0x13, 0xdc, 0xa9, 0x88, 0xa7};
  EXPECT_EQ(key_number_text(number), "A788A9DC13BE891B");
  EXPECT_EQ(parse_key_number("A788A9DC13BE891B"), number);
  EXPECT_EQ(parse_key_number("a788a9dc13be891b"), number);
  for (const char* text : {"", "A788A9DC13BE891", "A788A9DC13BE891B0", "A788A9DC13BE891G"})
    EXPECT_FALSE(parse_key_number(text)) << text;
}

TEST(Keys, RefuseWhatIsNoKey) {
  const std::string hex = key(1).public_key().hex();
  const std::string base64 = key(1).public_key().minisign();
  const std::vector<std::string> texts = {"",
                                          "key",
                                          hex.substr(1),
                                          hex + "0",
                                          "0x" + hex.substr(2),
                                          hex.substr(0, 63) + "g",
                                          hex.substr(0, 32) + " " + hex.substr(33),
                                          base64.substr(1),
                                          base64 + "A",
                                          "RWR" + base64.substr(3) + "=",
                                          "AAAA" + base64.substr(4),
                                          base64.substr(0, 55) + "*",
                                          "untrusted comment: only",
                                          "untrusted comment: x\n",
                                          "untrusted comment: x\n" + base64 + "\nmore",
                                          std::string(5000, 'a')};
  for (const std::string& text : texts) {
    EXPECT_ERROR(parse_public_key(text), ErrorCode::kMalformed);
  }
}

// The all-zero key and the other points of small order verify forged signatures in lenient code.
TEST(Keys, RefuseKeysThatAreNoPointOfTheGroup) {
  for (const char* text : {"0000000000000000000000000000000000000000000000000000000000000000",
                           "0100000000000000000000000000000000000000000000000000000000000000",
                           "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
                           "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"}) {
    EXPECT_ERROR(parse_public_key(text), ErrorCode::kMalformed);
  }
  // A mistyped digit is found in 15 of 16 cases; how many of these keys it is does not change.
  const std::string good = key(1).public_key().hex();
  int found = 0;
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string mistyped = good;
    mistyped[i] = good[i] == '0' ? '1' : '0';
    if (!parse_public_key(mistyped).ok()) ++found;
  }
  EXPECT_GE(found, 52) << "of 64";
}

TEST(Keys, HaveAnIdThatIsTheSameEverywhere) {
  const PublicKey known = key(1).public_key();
  EXPECT_EQ(known.id(), to_hex(ByteView(sha256(known.bytes)).first(8)));
  EXPECT_NE(known.id(), key(2).public_key().id());
}

TEST(SecretKeys, GoToTextAndBack) {
  const SecretKey secret = key(3);
  const std::string text(secret.serialize().text());
  EXPECT_EQ(text, "phase-secret-key-v1\n" + to_hex(Bytes(32, 3)) + "\n");
  const auto again = SecretKey::parse(text);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->public_key(), secret.public_key());
  EXPECT_EQ(again->sign(as_bytes("x")), secret.sign(as_bytes("x")));
}

TEST(SecretKeys, KeepTheNumberThatMinisignGave) {
  const KeyNumber number{0x1b, 0x89, 0xbe, 0x13, 0xdc, 0xa9, 0x88, 0xa7};
  const auto secret = SecretKey::from_seed(Bytes(32, 3), number);
  ASSERT_TRUE(secret.ok());
  const std::string text(secret->serialize().text());
  EXPECT_EQ(text, "phase-secret-key-v1\n" + to_hex(Bytes(32, 3)) +
                      "\nminisign-key A788A9DC13BE891B\n");
  const auto again = SecretKey::parse(text);
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(again->public_key().key_number(), number);
  EXPECT_EQ(again->public_key(), key(3).public_key());
  for (const std::string& other :
       {text + "\n", text.substr(0, text.size() - 1), text.substr(0, text.size() - 2) + "\n",
        text + "minisign-key A788A9DC13BE891B\n", text.substr(0, 85) + "minisign-key \n",
        text.substr(0, 85) + "\n"}) {
    EXPECT_ERROR(SecretKey::parse(other), ErrorCode::kMalformed);
  }
}

TEST(SecretKeys, RefuseOtherText) {
  const std::string text(key(3).serialize().text());
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_ERROR(SecretKey::parse(text.substr(0, size)), ErrorCode::kMalformed);
  }
  std::string bad = text;
  bad[30] = 'x';
  for (const std::string& other :
       {text + "\n", " " + text, bad, "phase-secret-key-v2" + text.substr(19)}) {
    EXPECT_ERROR(SecretKey::parse(other), ErrorCode::kMalformed);
  }
  EXPECT_ERROR(SecretKey::from_seed(Bytes(31)), ErrorCode::kMalformed);
  EXPECT_ERROR(SecretKey::from_seed(Bytes(64)), ErrorCode::kMalformed);
}

TEST(SecretKeys, AreMadeFromTheRandomnessGiven) {
  Fixed fixed;
  EXPECT_EQ(SecretKey::generate(fixed).public_key(), key(9).public_key());
  EXPECT_NE(SecretKey::generate(system_random()).public_key(),
            SecretKey::generate(system_random()).public_key());
}

TEST(SecretKeys, MoveAndLeaveNothingBehind) {
  SecretKey first = key(1);
  SecretKey second = std::move(first);
  EXPECT_EQ(second.public_key(), key(1).public_key());
  second = key(2);
  EXPECT_TRUE(key(2).public_key().verify(as_bytes("x"), second.sign(as_bytes("x"))));
}

TEST(SecretKeysDeathTest, AMovedKeySignsNothing) {
  SecretKey first = key(1);
  const SecretKey second = std::move(first);
  EXPECT_DEATH((void)first.sign(as_bytes("x")), "moved away");  // NOLINT: that is the test
}

}  // namespace
}  // namespace phase
