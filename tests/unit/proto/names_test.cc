#include "proto/names.h"

#include "proto/pointer.h"
#include "tests/unit/proto/support.h"

namespace phase {
namespace {

TEST(Names, NormalisesArchitectures) {
  EXPECT_EQ(*normalise_arch("x86_64"), "x86_64");
  EXPECT_EQ(*normalise_arch("amd64"), "x86_64");
  EXPECT_EQ(*normalise_arch("aarch64"), "aarch64");
  EXPECT_EQ(*normalise_arch("arm64"), "aarch64");
}

TEST(Names, RefusesOtherArchitectures) {
  for (const char* text : {"", "x86-64", "X86_64", "i386", "riscv64", "amd64 ", "arm64\n"}) {
    EXPECT_ERROR(normalise_arch(text), ErrorCode::kUsage);
  }
}

TEST(Names, AcceptsChannels) {
  for (const std::string& text :
       {std::string("stable"), std::string("a"), std::string("1.2_x-y"), std::string(40, 'z')}) {
    EXPECT_TRUE(check_channel(text).ok()) << text;
  }
}

TEST(Names, RefusesOtherChannels) {
  for (const std::string& text :
       {std::string(), std::string(41, 'z'), std::string(".hidden"), std::string(".."),
        std::string("Stable"), std::string("a/b"), std::string("a b"), std::string("a#1"),
        std::string("a\0b", 3), std::string("\xc3\xa9")}) {
    EXPECT_ERROR(check_channel(text), ErrorCode::kUsage);
  }
}

TEST(Names, RefusalOfAHostileNameIsOnePrintableLine) {
  const auto refused = check_channel("\x1b[2J\n" + std::string(5000, 'A'));
  ASSERT_FALSE(refused.ok());
  EXPECT_LT(refused.error().detail.size(), 200u);
  for (const char c : refused.error().detail) EXPECT_TRUE(c >= ' ' && c < 127);
}

TEST(Names, AcceptsArtifactNames) {
  for (const std::string& text : {std::string("kernel"), std::string("dtbs/a.b/c-d_E"),
                                  std::string("..a"), std::string("..."), std::string(120, 'k')}) {
    EXPECT_TRUE(valid_artifact_name(text)) << text;
  }
}

TEST(Names, RefusesArtifactNamesThatLeaveTheRelease) {
  for (const std::string& text :
       {std::string(), std::string("/kernel"), std::string("kernel/"), std::string("a//b"),
        std::string("."), std::string(".."), std::string("../kernel"), std::string("dtbs/../x"),
        std::string("dtbs/.."), std::string("dtbs/./x"), std::string("a\\b"), std::string("a b"),
        std::string("a\0b", 3), std::string("a\nb"), std::string(121, 'k')}) {
    EXPECT_FALSE(valid_artifact_name(text)) << text;
  }
}

TEST(Names, NamesAReleaseByTheHashOfItsManifest) {
  Sha256 hash{};
  hash[0] = 0xde;
  hash[1] = 0xad;
  hash[3] = 0x0f;
  EXPECT_EQ(release_name("stable", "x86_64", 12, hash), "phase-stable-x86_64-12-dead000f");
}

TEST(Names, LongestSaltIsWithinBep44) {
  EXPECT_LE(pointer_salt(std::string(40, 'z'), "aarch64", 2).size(), kMaxSaltBytes);
}

}  // namespace
}  // namespace phase
