// Other people's Ed25519 vectors. They lie beside the project, in the folder that PHASE_VECTORS
// names. What libsodium accepts is pinned, so that a change of the library is noticed.
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/unit/proto/support.h"

namespace phase {
namespace {

using Json = nlohmann::json;

std::string vectors_folder() {
  const char* given = std::getenv("PHASE_VECTORS");
  return given != nullptr ? given : PHASE_SOURCE_DIR "/../shared/vectors";
}

/// The parsed file, or a discarded value where it is missing.
Json vectors(const std::string& name) {
  std::ifstream file(vectors_folder() + "/" + name);
  return file ? Json::parse(file) : Json(Json::value_t::discarded);
}

bool verifies(const std::string& key, ByteView message, const std::string& signature) {
  const auto key_bytes = exactly<32>(from_hex(key).value_or(Bytes{}));
  const auto signature_bytes = exactly<64>(from_hex(signature).value_or(Bytes{}));
  return key_bytes && signature_bytes && PublicKey{*key_bytes}.verify(message, *signature_bytes);
}

#define VECTORS_OR_SKIP(name, file) \
  const Json name = vectors(file);  \
  if (name.is_discarded()) GTEST_SKIP() << vectors_folder() << "/" << file << " is missing"

TEST(KeyVectors, WycheproofAllAsExpected) {
  VECTORS_OR_SKIP(all, "wycheproof_ed25519.json");
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

TEST(KeyVectors, SpeccheckAcceptsOneOfTwelve) {
  VECTORS_OR_SKIP(all, "ed25519_speccheck_cases.json");
  int accepted = 0;
  for (const Json& test : all) {
    const Bytes message = *from_hex(test.at("message").get<std::string>());
    if (verifies(test.at("pub_key"), message, test.at("signature"))) ++accepted;
  }
  EXPECT_EQ(all.size(), 12u);
  EXPECT_EQ(accepted, 1);
}

TEST(KeyVectors, CctvAccepts43Of914) {
  VECTORS_OR_SKIP(all, "cctv_ed25519.json");
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
