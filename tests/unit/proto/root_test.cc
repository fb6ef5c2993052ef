// Goal: a root document says one thing, in one encoding, within its limits. Method: a good one, then
// one rule broken at a time, by value and on the wire.
#include "proto/root.h"

#include <functional>

#include "tests/unit/proto/roots.h"

namespace phase {
namespace {

using test::company_root;
using test::grant;
using test::key;
using test::role;
using testing::HasSubstr;

Root full_root() {
  Root root = company_root();
  root.version = 41;
  root.counter = 3;
  root.release = {{.channels = {"beta", "nightly"}, .archs = {"x86_64"}, .signers = role({12})},
                  {.channels = {}, .archs = {"aarch64"}, .signers = role({13})},
                  grant({11, 12, 13}, 2)};
  root.pointer = {{.channels = {"beta"}, .archs = {}, .signers = role({22, 23})}, grant({21})};
  root.floors = {{.channel = "", .arch = "", .release_version = 4},
                 {.channel = "stable", .arch = "", .release_version = 9},
                 {.channel = "stable", .arch = "aarch64", .release_version = 12}};
  return root;
}

TEST(Root, IsWhatWasEncoded) {
  for (const Root& root : {company_root(), full_root(), virtual_root(key(1).public_key())}) {
    const auto payload = encode_root(root);
    ASSERT_TRUE(payload.ok()) << payload.error().detail;
    const auto again = decode_root(*payload);
    ASSERT_TRUE(again.ok()) << again.error().detail;
    EXPECT_EQ(*again, root);
  }
}

// The bytes are signed and kept for years: this is how version 1 of the format reads.
TEST(Root, HasTheEncodingOfTheFormatPage) {
  Root root = virtual_root(key(1).public_key());
  root.version = 2;
  root.created = WallTime{7};
  const std::string key_hex = key(1).public_key().hex();
  const std::string role_hex = "0801" "1220" + key_hex;  // threshold 1, one key
  EXPECT_EQ(to_hex(*encode_root(root)), "0801" "1002" "1807" "3224" + role_hex +
                                            "3a26" "1a24" + role_hex + "4226" "1a24" + role_hex);
}

TEST(Root, TheFirstGrantThatCoversDecides) {
  const Root root = full_root();
  EXPECT_EQ(*root.release_role("beta", "x86_64"), role({12}));
  EXPECT_EQ(*root.release_role("nightly", "x86_64"), role({12}));
  EXPECT_EQ(*root.release_role("beta", "aarch64"), role({13}));
  EXPECT_EQ(*root.release_role("stable", "x86_64"), role({11, 12, 13}, 2));
  EXPECT_EQ(root.pointer_keys("beta", "aarch64"), role({22, 23}).keys);
  EXPECT_EQ(root.pointer_keys("stable", "aarch64"), role({21}).keys);
}

TEST(Root, NobodyMaySignWhatNoGrantCovers) {
  Root root = company_root();
  root.release = {{.channels = {"stable"}, .archs = {"x86_64"}, .signers = role({11})}};
  root.pointer.clear();
  EXPECT_NE(root.release_role("stable", "x86_64"), nullptr);
  EXPECT_EQ(root.release_role("stable", "aarch64"), nullptr);
  EXPECT_EQ(root.release_role("stable2", "x86_64"), nullptr);
  EXPECT_EQ(root.release_role("", ""), nullptr);
  EXPECT_TRUE(root.pointer_keys("stable", "x86_64").empty());
}

TEST(Root, TheHighestFloorThatIsMeantCounts) {
  const Root root = full_root();
  EXPECT_EQ(root.floor("stable", "aarch64"), 12u);
  EXPECT_EQ(root.floor("stable", "x86_64"), 9u);
  EXPECT_EQ(root.floor("beta", "aarch64"), 4u);
  EXPECT_EQ(company_root().floor("stable", "x86_64"), 0u);
}

TEST(Root, IsFoundByItsFirstRootKeyAndTheNextVersion) {
  const Root root = full_root();
  const std::string name = key(1).public_key().id();
  EXPECT_EQ(root.name(), name);
  EXPECT_EQ(next_root_target(root), sha1(as_bytes("phase/1/root" + name + "42")));
  EXPECT_EQ(next_root_path(root), "/trust/" + name + "/42.roots");
  // Neither pointer nor release keys have a part in it: whoever stole them cannot hide it.
  Root other = root;
  other.pointer.clear();
  other.release.clear();
  EXPECT_EQ(next_root_target(other), next_root_target(root));
  EXPECT_EQ(next_root_path(other), next_root_path(root));
}

TEST(RootDeathTest, OneWithoutKeysHasNoName) { EXPECT_DEATH((void)Root{}.name(), "no name"); }

struct Broken {
  const char* expected;
  std::function<void(Root&)> breaks;
};

std::vector<PublicKey> many_keys(std::size_t count) {
  std::vector<PublicKey> keys;
  for (std::size_t i = 0; i < count; ++i) {
    keys.push_back(key(static_cast<std::uint8_t>(100 + i)).public_key());
  }
  return keys;
}

const std::vector<Broken>& broken_roots() {
  constexpr std::uint64_t kTooHigh = std::uint64_t{1} << 63;
  static const std::vector<Broken> cases = {
      {"version", [](Root& r) { r.version = 0; }},
      {"version", [](Root& r) { r.version = kTooHigh; }},
      {"counter", [](Root& r) { r.counter = kMaxRootCounter + 1; }},
      {"time", [](Root& r) { r.created = WallTime{-1}; }},
      {"time", [](Root& r) { r.expires = WallTime{-1}; }},
      {"time", [](Root& r) { r.expires = WallTime{253402300800}; }},
      {"expires before", [](Root& r) { r.expires = WallTime{test::kCreated - 1}; }},
      {"no key", [](Root& r) { r.root.keys.clear(); }},
      {"more than 16", [](Root& r) { r.root.keys = many_keys(17); }},
      {"a key twice", [](Root& r) { r.root = role({1, 2, 1}); }},
      {"threshold 0", [](Root& r) { r.root.threshold = 0; }},
      {"threshold -1", [](Root& r) { r.root.threshold = -1; }},
      {"threshold 4 of 3", [](Root& r) { r.root.threshold = 4; }},
      {"threshold 2147483648", [](Root& r) { r.root.threshold = std::int64_t{1} << 31; }},
      {"threshold 4294967297", [](Root& r) { r.root.threshold = (std::int64_t{1} << 32) + 1; }},
      {"threshold -9223372036854775808", [](Root& r) { r.root.threshold = INT64_MIN; }},
      {"a release role names no key", [](Root& r) { r.release[0].signers.keys.clear(); }},
      {"a release role: threshold 0", [](Root& r) { r.release[0].signers.threshold = 0; }},
      {"a release role: threshold 4", [](Root& r) { r.release[0].signers.threshold = 4; }},
      {"a release role names a key twice", [](Root& r) { r.release[0] = grant({7, 7}); }},
      {"more than 32 of a release role", [](Root& r) { r.release.assign(33, grant({7})); }},
      {"channel", [](Root& r) { r.release[0].channels = {"Stable"}; }},
      {"channel", [](Root& r) { r.release[0].channels = {""}; }},
      {"architecture", [](Root& r) { r.release[0].archs = {"amd64"}; }},
      {"architecture", [](Root& r) { r.release[0].archs = {"m68k"}; }},
      {"too many", [](Root& r) { r.release[0].channels.assign(33, "stable"); }},
      {"too many", [](Root& r) { r.release[0].archs.assign(33, "x86_64"); }},
      {"a pointer role names more than 3", [](Root& r) { r.pointer[0] = grant({1, 2, 3, 4}); }},
      {"can only be 1", [](Root& r) { r.pointer[0] = grant({1, 2}, 2); }},
      {"more than 64 floors",
       [](Root& r) { r.floors.assign(65, {.channel = "", .arch = "", .release_version = 1}); }},
      {"floor names a channel",
       [](Root& r) { r.floors = {{.channel = "X", .arch = "", .release_version = 1}}; }},
      {"floor names an architecture",
       [](Root& r) { r.floors = {{.channel = "", .arch = "amd64", .release_version = 1}}; }},
      {"floor names an architecture",
       [](Root& r) { r.floors = {{.channel = "", .arch = "?", .release_version = 1}}; }},
      {"floor's version",
       [](Root& r) { r.floors = {{.channel = "", .arch = "", .release_version = 0}}; }},
      {"floor's version",
       [](Root& r) { r.floors = {{.channel = "", .arch = "", .release_version = kTooHigh}}; }},
  };
  return cases;
}

TEST(Root, RefusesEveryBrokenRule) {
  ASSERT_FALSE(broken_root_rule(company_root()).has_value());
  for (const Broken& one : broken_roots()) {
    Root root = company_root();
    one.breaks(root);
    const auto rule = broken_root_rule(root);
    ASSERT_TRUE(rule.has_value()) << one.expected;
    EXPECT_THAT(*rule, HasSubstr(one.expected));
    EXPECT_ERROR(encode_root(root), ErrorCode::kUsage);
  }
}

TEST(Root, TakesEveryLimit) {
  Root root = company_root();
  root.version = (std::uint64_t{1} << 63) - 1;
  root.counter = kMaxRootCounter;
  root.expires = WallTime{253402300799};
  root.root = {.keys = many_keys(16), .threshold = 16};
  root.release.assign(32, grant({7}));
  root.pointer = {grant({1, 2, 3})};
  root.floors.assign(64, {.channel = "", .arch = "", .release_version = root.version});
  EXPECT_FALSE(broken_root_rule(root).has_value());
  EXPECT_EQ(*decode_root(*encode_root(root)), root);
  root.expires = root.created;
  EXPECT_FALSE(broken_root_rule(root).has_value());
}

/// A root whose payload has exactly `size` bytes.
Root sized_root(std::size_t size) {
  Root root = company_root();
  root.release.assign(20, {.channels = {}, .archs = {}, .signers = {.keys = many_keys(16)}});
  for (std::size_t i = 0;; ++i) {
    const std::size_t has = encode_root(root)->size();
    if (has == size) return root;
    Grant& last = root.release[i % root.release.size()];
    // A channel of n bytes takes n + 2; a grant's length takes two bytes from the start.
    const std::size_t lacks = size - has;
    const std::size_t most = lacks > 84 ? 42 : (lacks > 42 ? lacks / 2 : lacks);
    last.channels.push_back(std::string(most - 2, 'c'));
    check(i < 1000, "a size that can be reached");
  }
}

TEST(Root, HasTheLargestSizeAndNotOneByteMore) {
  const Root most = sized_root(kMaxRootPayloadBytes);
  const auto payload = encode_root(most);
  ASSERT_TRUE(payload.ok());
  ASSERT_EQ(payload->size(), kMaxRootPayloadBytes);
  EXPECT_TRUE(decode_root(*payload).ok());

  Root over = most;
  for (Grant& one : over.release) {
    for (std::string& channel : one.channels) {
      if (channel.size() >= 40) continue;
      channel.push_back('c');
      const auto refused = encode_root(over);
      EXPECT_ERROR(refused, ErrorCode::kUsage);
      EXPECT_THAT(refused.error().detail, HasSubstr("13312 bytes"));
      EXPECT_ERROR(decode_root(Bytes(kMaxRootPayloadBytes + 1)), ErrorCode::kMalformed);
      return;
    }
  }
  FAIL() << "no channel name that can grow";
}

// As many as there can be: sixteen old root keys and sixteen new ones.
TEST(Root, TheLargestFitsIntoItsEnvelopeWithEverySignature) {
  test::KeyNumbers signers;
  for (std::uint8_t i = 1; i <= kMaxSignatures; ++i) signers.push_back(i);
  const Bytes envelope = test::signed_root(sized_root(kMaxRootPayloadBytes), signers);
  EXPECT_LE(envelope.size(), kMaxRootBytes);
  EXPECT_TRUE(decode_signed_root(envelope).ok());
}

Bytes cat(const Bytes& left, const Bytes& right) {
  Bytes out = left;
  out.insert(out.end(), right.begin(), right.end());
  return out;
}

TEST(Root, RefusesAnyOtherEncodingOfTheSame) {
  const Bytes good = *encode_root(company_root());
  ASSERT_TRUE(decode_root(good).ok());
  const std::vector<Bytes> others = {
      cat(good, {0x50, 1}),              // a field that nobody knows
      cat(good, {0x10, 1}),              // the version once more, in another place
      cat({0x08, 0x81, 0}, {good.begin() + 2, good.end()}),  // a number of more bytes than needed
      cat(good, {0x28, 0}),              // a zero that is written down
  };
  for (const Bytes& other : others) EXPECT_ERROR(decode_root(other), ErrorCode::kMalformed);
}

TEST(Root, RefusesWhatIsNone) {
  EXPECT_ERROR(decode_root({}), ErrorCode::kMalformed);
  EXPECT_ERROR(decode_root(as_bytes("garbage")), ErrorCode::kMalformed);
  Bytes other = *encode_root(company_root());
  other[1] = 2;
  const auto refused = decode_root(other);
  EXPECT_ERROR(refused, ErrorCode::kMalformed);
  EXPECT_THAT(refused.error().detail, HasSubstr("format 2, this program knows format 1"));
  const Bytes whole = *encode_root(full_root());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto cut = decode_root(ByteView(whole).first(size));
    EXPECT_TRUE(!cut.ok() || !(*cut == full_root())) << size;
  }
}

// On the wire: the rules hold for what arrives as well, and keys have 32 bytes in each role.
TEST(Root, RefusesBrokenRulesOnTheWire) {
  const std::string key_hex = key(1).public_key().hex();
  const auto wire = [&](const std::string& threshold, const std::string& keys, unsigned role) {
    const auto length = [](const std::string& hex) {
      const auto size = static_cast<std::uint8_t>(hex.size() / 2);
      return to_hex(Bytes{size});
    };
    const std::string good = "0801" "1220" + key_hex;
    const std::string odd = "08" + threshold + keys;
    const std::string grant_hex = "1a" + length(odd) + odd;
    const std::string good_grant = "1a" + length(good) + good;
    return *from_hex("0801" "1001" "32" + length(role == 0 ? odd : good) + (role == 0 ? odd : good) +
                     "3a" + length(role == 1 ? grant_hex : good_grant) +
                     (role == 1 ? grant_hex : good_grant) + "42" +
                     length(role == 2 ? grant_hex : good_grant) +
                     (role == 2 ? grant_hex : good_grant));
  };
  const std::string one_key = "1220" + key_hex;
  const std::string short_key = "121f" + key_hex.substr(2);
  const std::string long_key = "1221" + key_hex + "00";
  for (unsigned role = 0; role < 3; ++role) {
    EXPECT_TRUE(decode_root(wire("01", one_key, role)).ok());
    EXPECT_ERROR(decode_root(wire("00", one_key, role)), ErrorCode::kMalformed);
    EXPECT_ERROR(decode_root(wire("02", one_key, role)), ErrorCode::kMalformed);
    EXPECT_ERROR(decode_root(wire("ffffffffffffffffff01", one_key, role)), ErrorCode::kMalformed);
    EXPECT_ERROR(decode_root(wire("8080808008", one_key, role)), ErrorCode::kMalformed);
    // 2^32 + 1: one where somebody cuts it to 32 bits.
    EXPECT_ERROR(decode_root(wire("8180808010", one_key, role)), ErrorCode::kMalformed);
    EXPECT_ERROR(decode_root(wire("02", one_key + one_key, role)), ErrorCode::kMalformed);
    EXPECT_ERROR(decode_root(wire("01", short_key, role)), ErrorCode::kMalformed);
    EXPECT_ERROR(decode_root(wire("01", long_key, role)), ErrorCode::kMalformed);
    EXPECT_ERROR(decode_root(wire("01", "", role)), ErrorCode::kMalformed);
  }
}

}  // namespace
}  // namespace phase
