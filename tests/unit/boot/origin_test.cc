// Goal: boot.json comes back as written, and what becomes arguments of a program is harmless.
#include "boot/origin.h"

#include <gtest/gtest.h>

#include "tests/unit/proto/support.h"

namespace phase::boot {
namespace {

Origin sample() {
  return {.key = test::key(1).public_key(),
          .channel = "stable",
          .arch = "x86_64",
          .mode = Mode::kLocal,
          .bootstrap = {"10.0.0.1:6881", "[::1]:6881", "dht.example:1"}};
}

TEST(Origin, ComesBackAsItWasWritten) {
  const auto back = parse_origin(origin_json(sample()));
  ASSERT_TRUE(back.ok()) << back.error().detail;
  EXPECT_EQ(back->key, sample().key);
  EXPECT_EQ(back->channel, "stable");
  EXPECT_EQ(back->arch, "x86_64");
  EXPECT_EQ(back->mode, Mode::kLocal);
  EXPECT_EQ(back->bootstrap, sample().bootstrap);
}

TEST(Origin, RefusesHostsThatCouldBeOptions) {
  for (const char* host : {"", "--follow", "-x", "a b", "a\nb", "\x1b[2J"}) {
    Origin origin = sample();
    origin.bootstrap = {host};
    EXPECT_ERROR(parse_origin(origin_json(origin)), ErrorCode::kMalformed) << host;
  }
  Origin many = sample();
  many.bootstrap.assign(65, "10.0.0.1:1");
  EXPECT_ERROR(parse_origin(origin_json(many)), ErrorCode::kMalformed);
}

TEST(Origin, RefusesWhatIsNone) {
  for (const char* text :
       {"", "{}", "[]", "null", R"({"key":1})",
        R"({"key":"00","channel":"a","arch":"x86_64","mode":"","bootstrap":[]})"}) {
    EXPECT_FALSE(parse_origin(text).ok()) << text;
  }
  EXPECT_ERROR(parse_origin(std::string(kMaxOriginBytes + 1, ' ')), ErrorCode::kMalformed);
  EXPECT_ERROR(parse_origin(std::string(10'000, '[')), ErrorCode::kMalformed);
}

TEST(Origin, NoCutIsAccepted) {
  const std::string whole = origin_json(sample());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse_origin(whole.substr(0, size)).ok()) << size;
  }
}

}  // namespace
}  // namespace phase::boot
