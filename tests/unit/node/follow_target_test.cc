// What --follow takes: a key in either form, or a file of a key or a root document.
#include <gtest/gtest.h>

#include "node/follow.h"
#include "tests/unit/node/role_fixture.h"

namespace phase::node::test {
namespace {

class FollowTargetText : public ::testing::Test {
 protected:
  Organisation org_;
  TempFolder folder_;

  /// "<channel>/<arch>" of each, all of `base`.
  static std::vector<std::string> parsed(const std::string& text, const TrustBase& base) {
    const auto targets = parse_follow(text);
    EXPECT_TRUE(targets) << targets.error().detail;
    std::vector<std::string> out;
    if (!targets) return out;
    for (const FollowTarget& target : *targets) {
      EXPECT_EQ(target.base, base) << text;
      out.push_back(target.channel + "/" + target.arch);
    }
    return out;
  }
};

using Texts = std::vector<std::string>;

TEST_F(FollowTargetText, AKeyInEitherFormTakesChannelAndArchitecture) {
  // Base64 has slashes of its own; this key's minisign form must have one for the test to mean much.
  SecretKey key = key_from(0);
  for (std::uint8_t first = 1; key.public_key().minisign().find('/') == std::string::npos; ++first)
    key = key_from(first);
  const TrustBase base = key_base(key.public_key());
  for (const std::string& text : {key.public_key().hex(), key.public_key().minisign()}) {
    EXPECT_EQ(parsed(text, base), (Texts{"stable/x86_64", "stable/aarch64"}));
    EXPECT_EQ(parsed(text + "/beta", base), (Texts{"beta/x86_64", "beta/aarch64"}));
    EXPECT_EQ(parsed(text + "/beta/arm64", base), Texts{"beta/aarch64"});
    EXPECT_FALSE(parse_follow(text + "/Beta"));
    EXPECT_FALSE(parse_follow(text + "/beta/m68k"));
    EXPECT_FALSE(parse_follow(text + "x"));
  }
}

TEST_F(FollowTargetText, AFileOfARootDocumentOrKeyTakesThemBehindColons) {
  const std::string path = folder_.path() + "/2.root.dsse";
  write(path, org_.grown_document());
  const TrustBase base{org_.grown(), org_.grown_document()};
  EXPECT_EQ(parsed(path, base), (Texts{"stable/x86_64", "stable/aarch64"}));
  EXPECT_EQ(parsed(path + ":beta", base), (Texts{"beta/x86_64", "beta/aarch64"}));
  EXPECT_EQ(parsed(path + ":beta:amd64", base), Texts{"beta/x86_64"});
  EXPECT_FALSE(parse_follow(path + ":beta:amd64:x"));
  EXPECT_FALSE(parse_follow(path + ".absent"));
  write(path, as_bytes(org_.single.public_key().hex() + "\n"));
  EXPECT_EQ(parsed(path + ":beta:amd64", key_base(org_.single.public_key())), Texts{"beta/x86_64"});
}

TEST_F(FollowTargetText, NamesThePublisherByItsKeyOrItsRoot) {
  EXPECT_EQ(parse_follow(org_.single.public_key().hex())->front().publisher(),
            org_.single.public_key().hex());
  const FollowTarget target{{org_.grown(), org_.grown_document()}, "stable", "x86_64"};
  EXPECT_EQ(target.text(), org_.alice.public_key().id() + "-2/stable/x86_64");
}

}  // namespace
}  // namespace phase::node::test
