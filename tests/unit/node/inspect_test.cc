#include "node/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "proto/envelope.h"
#include "release_fixture.h"

namespace phase::node::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Inspect : public ::testing::Test {
 protected:
  Inspect() {
    const auto store = open_store(folder_.path() + "/store");
    auto made = publisher_.publish(*store);
    check(made.ok(), "a good release can be published");
    release_ = std::move(*made);
    ours_ = trust_single_key(publisher_.key.public_key());
    others_ = trust_single_key(key_from(9).public_key());
  }
  TempFolder folder_;
  Publisher publisher_{folder_.path()};
  StoredRelease release_;
  TrustPolicy ours_, others_;
};

TEST_F(Inspect, SaysWhoSignedAManifestAndWhetherItHolds) {
  const auto seen = inspect(release_.envelope, &ours_);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->kind, "envelope");
  EXPECT_FALSE(seen->error);
  EXPECT_THAT(seen->json, HasSubstr("\"state\": \"valid\""));
  EXPECT_THAT(seen->json, HasSubstr(publisher_.key.public_key().id()));
  EXPECT_THAT(seen->json, HasSubstr("console=ttyS0"));

  const auto stranger = inspect(release_.envelope, &others_);
  ASSERT_TRUE(stranger && stranger->error);
  EXPECT_EQ(stranger->error->code, ErrorCode::kWrongKey);
  EXPECT_THAT(stranger->json, HasSubstr("not trusted"));

  const auto unchecked = inspect(release_.envelope, nullptr);
  ASSERT_TRUE(unchecked);
  EXPECT_THAT(unchecked->json, HasSubstr("not checked"));
  EXPECT_THAT(unchecked->json, Not(HasSubstr("\"valid\"")));
}

TEST_F(Inspect, FindsAForgedSignature) {
  const auto key = key_from(9);
  const auto view = decode_envelope(release_.envelope);
  ASSERT_TRUE(view);
  auto forged = sign_envelope(kManifestType, view->payload, {&publisher_.key});
  forged[forged.size() - 25] ^= 1;  // inside the signature, before the key id
  const auto seen = inspect(forged, &ours_);
  ASSERT_TRUE(seen && seen->error);
  EXPECT_EQ(seen->error->code, ErrorCode::kBadSignature);
  EXPECT_THAT(seen->json, HasSubstr("INVALID"));
}

TEST_F(Inspect, ReadsPointers) {
  auto items = release_.pointer;
  const auto seen = inspect(encode_items(items), &ours_);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->kind, "pointer");
  EXPECT_FALSE(seen->error);
  EXPECT_THAT(seen->json, HasSubstr(to_hex(release_.info.infohashes.v1)));
  const auto stranger = inspect(encode_items(items), &others_);
  ASSERT_TRUE(stranger && stranger->error);
  EXPECT_EQ(stranger->error->code, ErrorCode::kWrongKey);
  items[1].signature[3] ^= 1;
  const auto forged = inspect(encode_items(items), nullptr);
  ASSERT_TRUE(forged && forged->error);
  EXPECT_EQ(forged->error->code, ErrorCode::kBadSignature);
}

TEST_F(Inspect, ReadsTorrentsKeysAndTrustFiles) {
  EXPECT_EQ(inspect(release_.torrent, nullptr)->kind, "torrent");
  EXPECT_EQ(inspect(as_bytes(publisher_.key.public_key().hex()), nullptr)->kind, "public-key");
  EXPECT_EQ(inspect(as_bytes(serialize_trust_file(ours_)), nullptr)->kind, "trust-file");
  const auto secret = inspect(publisher_.key.serialize().view(), nullptr);
  ASSERT_TRUE(secret);
  EXPECT_EQ(secret->kind, "secret-key");
  EXPECT_THAT(secret->json, HasSubstr(publisher_.key.public_key().hex()));
}

TEST_F(Inspect, ShowsWhichKernelOptionsATrustFileLetsPass) {
  ours_.command_line = {*parse_option_rule("console", "word"), *parse_option_rule("loglevel", "0..8"),
                        *parse_option_rule("systemd.unit", "a.target|b.target")};
  const auto seen = inspect(as_bytes(serialize_trust_file(ours_)), nullptr);
  ASSERT_TRUE(seen) << seen.error().detail;
  const auto rules = nlohmann::json::parse(seen->json)["command_line"];
  EXPECT_EQ(rules, nlohmann::json::parse(
                       R"({"console":"word","loglevel":"0..8","systemd.unit":"a.target|b.target"})"));
  ours_.command_line.clear();
  const auto none = inspect(as_bytes(serialize_trust_file(ours_)), nullptr);
  EXPECT_EQ(nlohmann::json::parse(none->json)["command_line"], nlohmann::json::object());
}

TEST_F(Inspect, RefusesWhatIsNoneOfOurs) {
  EXPECT_EQ(inspect(as_bytes("\x7f" "ELF"), nullptr).error().code, ErrorCode::kMalformed);
  EXPECT_EQ(inspect(initramfs(), nullptr).error().code, ErrorCode::kMalformed);
}

}  // namespace
}  // namespace phase::node::test
