// Other people's Ed25519 vectors (vectors/README.md). What libsodium says to each is pinned, so that
// a change of the library is noticed.
#include <array>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/unit/proto/support.h"

namespace phase {
namespace {

using Json = nlohmann::json;

Json vectors(const std::string& name) {
  std::ifstream file(PHASE_SOURCE_DIR "/tests/unit/proto/vectors/" + name);
  check(file.good(), "the vectors are in the tree");
  return Json::parse(file);
}

bool verifies(const std::string& key, ByteView message, const std::string& signature) {
  const auto key_bytes = exactly<32>(from_hex(key).value_or(Bytes{}));
  const auto signature_bytes = exactly<64>(from_hex(signature).value_or(Bytes{}));
  return key_bytes && signature_bytes && PublicKey{*key_bytes}.verify(message, *signature_bytes);
}

TEST(KeyVectors, WycheproofAllAsExpected) {
  const Json all = vectors("wycheproof_ed25519.json");
  int cases = 0;
  for (const Json& group : all.at("testGroups")) {
    const std::string key = group.at("publicKey").at("pk");
    for (const Json& test : group.at("tests")) {
      ++cases;
      const Bytes message = *from_hex(test.at("msg").get<std::string>());
      EXPECT_EQ(verifies(key, message, test.at("sig")), test.at("result") == "valid")
          << test.at("tcId") << " " << test.at("comment");
    }
  }
  EXPECT_EQ(cases, 151);
}

// The cases of "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko). A and R are the points of
// key and signature. Only a pair of mixed order for which both verification equations hold passes.
TEST(KeyVectors, SpeccheckEachCaseAsLibsodiumSays) {
  struct Case {
    bool accepted;
    bool is_key;  ///< parse_public_key() takes it.
    const char* what;
  };
  constexpr std::array<Case, 12> kCases = {{
      {false, false, "S = 0, small A and R"},
      {false, false, "small A, mixed R"},
      {false, false, "mixed A, small R"},
      {true, false, "mixed A and R, both equations hold"},
      {false, false, "mixed A and R, only the cofactored equation holds"},
      {false, false, "mixed A, only the cofactored equation without a reduced 8k holds"},
      {false, true, "S above L"},
      {false, true, "S far above L"},
      {false, false, "mixed A, small non-canonical R"},
      {false, false, "mixed A, small non-canonical R, another hash"},
      {false, false, "small non-canonical A, mixed R"},
      {false, false, "small non-canonical A, mixed R, another hash"},
  }};
  const Json all = vectors("ed25519_speccheck_cases.json");
  ASSERT_EQ(all.size(), kCases.size());
  for (std::size_t i = 0; i < kCases.size(); ++i) {
    const Json& test = all[i];
    const Bytes message = *from_hex(test.at("message").get<std::string>());
    EXPECT_EQ(verifies(test.at("pub_key"), message, test.at("signature")), kCases[i].accepted)
        << i << " " << kCases[i].what;
    // A key of mixed order is no key of ours, so the one that passes is never asked.
    EXPECT_EQ(parse_public_key(test.at("pub_key").get<std::string>()).ok(), kCases[i].is_key)
        << i << " " << kCases[i].what;
  }
}

TEST(KeyVectors, CctvAccepts43Of914) {
  const Json all = vectors("cctv_ed25519.json");
  int accepted = 0;
  int by_parsed_keys = 0;
  for (const Json& test : all) {
    const std::string message = test.at("msg");
    if (!verifies(test.at("key"), as_bytes(message), test.at("sig"))) continue;
    ++accepted;
    // A key with a low-order component is refused where it is read, before it verifies anything.
    if (parse_public_key(test.at("key").get<std::string>()).ok()) ++by_parsed_keys;
  }
  EXPECT_EQ(all.size(), 914u);
  EXPECT_EQ(accepted, 43);
  EXPECT_LE(by_parsed_keys, accepted);
}

}  // namespace
}  // namespace phase
