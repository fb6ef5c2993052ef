#include "proto/pointer.h"

#include "tests/unit/proto/support.h"

namespace phase {
namespace {

ProviderHint hint(const char* peer, std::uint16_t http_port) {
  return {*parse_endpoint(peer), http_port};
}

Pointer pointer() {
  Pointer out;
  out.infohash_v1.fill(0x11);
  out.infohash_v2.fill(0x22);
  out.manifest_sha256.fill(0x33);
  out.release_version = 7;
  out.expires = 1800000000;
  out.providers = {hint("1.2.3.4:6881", 8080), hint("[2001:db8::1]:6882", 0)};
  return out;
}

void expect_same(const Pointer& a, const Pointer& b) {
  EXPECT_EQ(a.infohash_v1, b.infohash_v1);
  EXPECT_EQ(a.infohash_v2, b.infohash_v2);
  EXPECT_EQ(a.manifest_sha256, b.manifest_sha256);
  EXPECT_EQ(a.release_version, b.release_version);
  EXPECT_EQ(a.expires, b.expires);
  EXPECT_EQ(a.providers, b.providers);
}

Result<Pointer> decode(std::string_view text) {
  return decode_pointer(as_bytes(text));
}

const std::string k20(20, 'a');
const std::string k32(32, 'b');

/// A pointer's text from its members' texts, in the order that is canonical.
std::string members(const std::string& e, const std::string& i2, const std::string& ih,
                    const std::string& m, const std::string& n, const std::string& x) {
  return "d" + e + i2 + ih + m + n + x + "e";
}

const std::string kE = "1:ele", kI2 = "2:i232:" + k32, kIh = "2:ih20:" + k20, kM = "1:m32:" + k32,
                  kN = "1:ni5e", kX = "1:xi0e";

TEST(Pointer, GoesToBytesAndBack) {
  const auto decoded = decode_pointer(encode_pointer(pointer()));
  ASSERT_TRUE(decoded.ok()) << decoded.error().detail;
  expect_same(*decoded, pointer());
}

TEST(Pointer, IsTheDictionaryOfItsPage) {
  const std::string text = members(kE, kI2, kIh, kM, kN, kX);
  const auto decoded = decode(text);
  ASSERT_TRUE(decoded.ok()) << decoded.error().detail;
  EXPECT_EQ(as_text(decoded->infohash_v1), k20);
  EXPECT_EQ(decoded->release_version, 5u);
  EXPECT_EQ(as_text(encode_pointer(*decoded)), text);
}

TEST(Pointer, PassesOverKeysOfLaterFormats) {
  EXPECT_TRUE(decode("d1:a0:" + members(kE, kI2, kIh, kM, kN, kX).substr(1)).ok());
  EXPECT_TRUE(decode(members(kE, kI2, kIh, kM, kN, kX + "1:yd1:zi1ee")).ok());
}

TEST(Pointer, RefusesAMissingOrMisshapenMember) {
  for (const std::string& text : {members("", kI2, kIh, kM, kN, kX),
                                  members(kE, "", kIh, kM, kN, kX),
                                  members(kE, kI2, "", kM, kN, kX),
                                  members(kE, kI2, kIh, "", kN, kX),
                                  members(kE, kI2, kIh, kM, "", kX),
                                  members(kE, kI2, kIh, kM, kN, ""),
                                  members(kE, kI2, "2:ih32:" + k32, kM, kN, kX),
                                  members(kE, "2:i220:" + k20, kIh, kM, kN, kX),
                                  members(kE, kI2, kIh, "1:m0:", kN, kX),
                                  members(kE, kI2, kIh, "1:mi3e", kN, kX),
                                  members(kE, kI2, kIh, kM, "1:ni0e", kX),
                                  members(kE, kI2, kIh, kM, "1:ni-1e", kX),
                                  members(kE, kI2, kIh, kM, "1:n1:5", kX),
                                  members(kE, kI2, kIh, kM, kN, "1:xi-1e"),
                                  members("1:e0:", kI2, kIh, kM, kN, kX),
                                  members("1:el7:1234567e", kI2, kIh, kM, kN, kX),
                                  members("1:el9:123456789e", kI2, kIh, kM, kN, kX),
                                  members("1:eli1ee", kI2, kIh, kM, kN, kX),
                                  members("1:el0:e", kI2, kIh, kM, kN, kX),
                                  members(kE, kIh, kI2, kM, kN, kX),
                                  members(kE, kI2, kIh, kM, kN + kN, kX),
                                  members(kE, kI2, kIh, kM, kN, kX) + "e",
                                  std::string("le"),
                                  std::string("de"),
                                  std::string("i1e"),
                                  std::string()}) {
    EXPECT_ERROR(decode(text), ErrorCode::kMalformed);
  }
}

TEST(Pointer, RefusesACutAtEveryLength) {
  const Bytes whole = encode_pointer(pointer());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_pointer(ByteView(whole).first(size)).ok()) << size;
  }
}

TEST(Pointer, LeavesOutTheLastHintsUntilItFits) {
  Pointer full = pointer();
  full.providers.clear();
  for (std::uint16_t i = 0; i < 500; ++i) full.providers.push_back(hint("[2001:db8::1]:1", i));
  const Bytes bytes = encode_pointer(full);
  EXPECT_LE(bytes.size(), kMaxPointerBytes);
  EXPECT_GT(bytes.size(), kMaxPointerBytes - 24) << "one more would have fitted";
  const auto decoded = decode_pointer(bytes);
  ASSERT_TRUE(decoded.ok());
  for (std::size_t i = 0; i < decoded->providers.size(); ++i) {
    EXPECT_EQ(decoded->providers[i].http_port, i) << "the first ones stay";
  }
}

TEST(Pointer, RefusesOneOverBep44sLimit) {
  EXPECT_ERROR(decode(members(kE, kI2, kIh, kM, kN, kX + "1:y1000:" + std::string(1000, 'y'))),
               ErrorCode::kMalformed);
}

TEST(Pointer, HasThreeSalts) {
  EXPECT_EQ(pointer_salt("stable", "x86_64", 0), "phase/1/stable/x86_64");
  EXPECT_EQ(pointer_salt("stable", "x86_64", 1), "phase/1/stable/x86_64#1");
  EXPECT_EQ(pointer_salt("stable", "x86_64", 2), "phase/1/stable/x86_64#2");
}

TEST(PointerDeathTest, HasNoFourthSalt) {
  EXPECT_DEATH((void)pointer_salt("stable", "x86_64", 3), "three salts");
}

}  // namespace
}  // namespace phase
