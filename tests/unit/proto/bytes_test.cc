#include "proto/bytes.h"

#include <gtest/gtest.h>

namespace phase {
namespace {

TEST(Bytes, GoToHexAndBack) {
  Bytes all(256);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint8_t>(i);
  EXPECT_EQ(to_hex(Bytes{0x00, 0x0f, 0xa5, 0xff}), "000fa5ff");
  EXPECT_EQ(from_hex(to_hex(all)), all);
  EXPECT_EQ(from_hex("ABcdEF"), (Bytes{0xab, 0xcd, 0xef}));
  EXPECT_EQ(from_hex(""), Bytes{});
}

TEST(Bytes, RefuseWhatIsNoHex) {
  for (const char* text : {"a", "abc", "0x", "g0", "0g", " 0", "0 ", "a\n", "-1", "00 0"}) {
    EXPECT_FALSE(from_hex(text).has_value()) << text;
  }
  EXPECT_FALSE(from_hex(std::string_view("0\0", 2)).has_value());
}

TEST(Bytes, GoToBase64AndBack) {
  // RFC 4648, section 10.
  for (const auto& [text, base64] :
       {std::pair{"", ""}, std::pair{"f", "Zg=="}, std::pair{"fo", "Zm8="},
        std::pair{"foo", "Zm9v"}, std::pair{"foob", "Zm9vYg=="}, std::pair{"foobar", "Zm9vYmFy"}}) {
    const std::string_view view = text;
    EXPECT_EQ(to_base64(Bytes(view.begin(), view.end())), base64);
    EXPECT_EQ(from_base64(base64), Bytes(view.begin(), view.end()));
  }
}

TEST(Bytes, RefuseWhatIsNoBase64) {
  for (const char* text :
       {"j=", "=", "Zg=", "Zg", "Zg==\n", " Zg==", "Zh==", "Zm9v*", "Zm9vZ", "-_=="}) {
    EXPECT_FALSE(from_base64(text).has_value()) << text;
  }
}

TEST(Bytes, ExactlyRefusesAnotherLength) {
  const Bytes three{1, 2, 3};
  EXPECT_EQ(exactly<3>(three), (std::array<std::uint8_t, 3>{1, 2, 3}));
  EXPECT_FALSE(exactly<2>(three).has_value());
  EXPECT_FALSE(exactly<4>(three).has_value());
}

}  // namespace
}  // namespace phase
