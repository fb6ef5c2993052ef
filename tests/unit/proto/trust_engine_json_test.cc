// Goal: the engine needs neither our protobuf nor our envelope. Method: documents in JSON, whose text
// is what is signed, decoded by the few lines here and handed to the engine; the same rules decide.
#include <nlohmann/json.hpp>

#include "proto/trust_engine.h"
#include "tests/unit/proto/support.h"

namespace phase {
namespace {

using nlohmann::json;
using test::key;

json role_json(std::initializer_list<std::uint8_t> numbers, int threshold) {
  json keys = json::array();
  for (const std::uint8_t number : numbers) keys.push_back(key(number).public_key().hex());
  return {{"keys", keys}, {"threshold", threshold}};
}

json root_json(int version) {
  return {{"version", version},
          {"expires", test::kExpires},
          {"root", role_json({1, 2}, 2)},
          {"release", role_json({11}, 1)}};
}

json manifest_json_of(int version) {
  const std::string hash(64, 'a');
  json artifacts = json::array();
  artifacts.push_back({{"role", 1}, {"name", "kernel"}, {"size", 10}, {"sha256", hash}});
  artifacts.push_back({{"role", 2}, {"name", "initramfs"}, {"size", 20}, {"sha256", hash}});
  return {{"channel", "stable"},
          {"arch", "x86_64"},
          {"version", version},
          {"artifacts", artifacts}};
}

RoleKeys role_of(const json& in) {
  RoleKeys out{.keys = {}, .threshold = in.at("threshold").get<std::int64_t>()};
  for (const json& one : in.at("keys")) out.keys.push_back(*parse_public_key(one.get<std::string>()));
  return out;
}

Root decode_root_text(const std::string& text) {
  const json in = json::parse(text);
  Root out;
  out.version = in.at("version").get<std::uint64_t>();
  out.expires = WallTime{in.at("expires").get<std::int64_t>()};
  out.root = role_of(in.at("root"));
  out.release = {{.channels = {}, .archs = {}, .signers = role_of(in.at("release"))}};
  return out;
}

Manifest decode_manifest_text(const std::string& text) {
  const json in = json::parse(text);
  Manifest out;
  out.channel = in.at("channel").get<std::string>();
  out.arch = in.at("arch").get<std::string>();
  out.release_version = in.at("version").get<std::uint64_t>();
  for (const json& one : in.at("artifacts")) {
    Artifact& artifact = out.artifacts.emplace_back();
    artifact.role = static_cast<Role>(one.at("role").get<int>());
    artifact.name = one.at("name").get<std::string>();
    artifact.size = one.at("size").get<std::uint64_t>();
    artifact.sha256 = *exactly<32>(*from_hex(one.at("sha256").get<std::string>()));
    artifact.pieces_root = artifact.sha256;
  }
  return out;
}

template <class Document>
Signed<Document> sign(const std::string& text, Document document,
                      std::initializer_list<std::uint8_t> signers) {
  Signed<Document> out{.document = std::move(document),
                       .message = Bytes(text.begin(), text.end()),
                       .signatures = {}};
  for (const std::uint8_t number : signers) {
    out.signatures.push_back({key(number).public_key().id(), key(number).sign(out.message)});
  }
  return out;
}

Signed<Root> signed_root(const json& in, std::initializer_list<std::uint8_t> signers) {
  const std::string text = in.dump();
  return sign(text, decode_root_text(text), signers);
}

Signed<Manifest> signed_manifest(const json& in, std::initializer_list<std::uint8_t> signers) {
  const std::string text = in.dump();
  return sign(text, decode_manifest_text(text), signers);
}

const Wanted kWanted{.channel = "stable", .arch = "x86_64", .min_version = 0};

class TrustEngineJson : public testing::Test {
 protected:
  TrustEngine engine_ = *TrustEngine::begin(decode_root_text(root_json(1).dump()),
                                            WallTime{test::kCreated});
};

TEST_F(TrustEngineJson, FollowsAChainAndAdmitsARelease) {
  json second = root_json(2);
  second["release"] = role_json({12, 13}, 2);
  ASSERT_TRUE(engine_.admit(signed_manifest(manifest_json_of(5), {11}), kWanted).ok());
  const auto step = engine_.advance(signed_root(second, {1, 2}));
  ASSERT_TRUE(step.ok()) << step.error().detail;
  EXPECT_ERROR(engine_.admit(signed_manifest(manifest_json_of(6), {11}), kWanted),
               ErrorCode::kWrongKey);
  EXPECT_TRUE(engine_.admit(signed_manifest(manifest_json_of(6), {12, 13}), kWanted).ok());
}

TEST_F(TrustEngineJson, IsHeldToTheSameRules) {
  EXPECT_ERROR(engine_.advance(signed_root(root_json(2), {1})), ErrorCode::kWrongKey);
  EXPECT_ERROR(engine_.advance(signed_root(root_json(3), {1, 2})), ErrorCode::kMissingRoot);
  EXPECT_ERROR(engine_.advance(signed_root(root_json(1), {1, 2})), ErrorCode::kRollback);
  json none = root_json(2);
  none["root"]["threshold"] = 0;
  EXPECT_ERROR(engine_.advance(signed_root(none, {1, 2})), ErrorCode::kMalformed);
  json escaping = manifest_json_of(5);
  escaping["artifacts"][0]["name"] = "../../etc/passwd";
  EXPECT_ERROR(engine_.admit(signed_manifest(escaping, {11}), kWanted), ErrorCode::kMalformed);
  auto altered = signed_manifest(manifest_json_of(5), {11});
  altered.message.back() ^= 1;
  EXPECT_ERROR(engine_.admit(altered, kWanted), ErrorCode::kBadSignature);
}

}  // namespace
}  // namespace phase
