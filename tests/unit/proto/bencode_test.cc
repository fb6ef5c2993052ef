#include "proto/bencode.h"

#include "tests/unit/proto/support.h"

namespace phase::bencode {
namespace {

using Kind = Value::Kind;

Result<Value> read(std::string_view text, Limits limits = {}) {
  return decode(as_bytes(text), limits);
}

TEST(Bencode, ReadsEveryKind) {
  const std::string text = "d1:ai-7e1:bl0:2:xye1:cdee";
  const auto value = read(text);
  ASSERT_TRUE(value.ok()) << value.error().detail;
  EXPECT_EQ(value->find("a", Kind::kInteger)->integer, -7);
  const Value* list = value->find("b", Kind::kList);
  ASSERT_EQ(list->list.size(), 2u);
  EXPECT_EQ(as_text(list->list[1].string), "xy");
  EXPECT_NE(value->find("c", Kind::kDict), nullptr);
  EXPECT_EQ(value->find("c", Kind::kList), nullptr) << "another kind";
  EXPECT_EQ(value->find("d", Kind::kDict), nullptr) << "not there";
}

TEST(Bencode, ReadsTheWholeRangeOfIntegers) {
  EXPECT_EQ(read("i9223372036854775807e")->integer, INT64_MAX);
  EXPECT_EQ(read("i-9223372036854775808e")->integer, INT64_MIN);
  EXPECT_FALSE(read("i9223372036854775808e").ok());
  EXPECT_FALSE(read("i-9223372036854775809e").ok());
}

// One value has one text, so that nothing can vary unseen.
TEST(Bencode, RefusesWhatIsNotCanonical) {
  for (const char* text : {"i01e",
                           "i-0e",
                           "i+1e",
                           "i 1e",
                           "ie",
                           "i-e",
                           "i1",
                           "i1.0e",
                           "01:a",
                           "1:",
                           "2:a",
                           "-1:a",
                           ":",
                           "1",
                           "l",
                           "li1e",
                           "d",
                           "d1:a",
                           "d1:ae",
                           "di1e1:ae",
                           "d1:bi1e1:ai1ee",
                           "d1:ai1e1:ai2ee",
                           "d1:ai1e0:i2ee",
                           "i1ei2e",
                           "1:ab",
                           "lee",
                           "e",
                           "x",
                           "",
                           "99999999999999999999:a",
                           "18446744073709551615:a"}) {
    EXPECT_ERROR(read(text), ErrorCode::kMalformed) << text;
  }
}

TEST(Bencode, RefusesACutAtEveryLength) {
  const std::string text = "d1:ali1ei22ee1:b3:xyz2:bcd1:q1:ree";
  ASSERT_TRUE(read(text).ok());
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(read(text.substr(0, size)).ok()) << size;
  }
}

TEST(Bencode, RefusesWhatIsOverALimit) {
  EXPECT_TRUE(read("l1:ae", {.bytes = 5}).ok());
  EXPECT_ERROR(read("l1:ae", {.bytes = 4}), ErrorCode::kMalformed);
  EXPECT_TRUE(read("lllleeee", {.depth = 4}).ok());
  EXPECT_ERROR(read("lllleeee", {.depth = 3}), ErrorCode::kMalformed);
  EXPECT_TRUE(read("l0:0:e", {.values = 3}).ok());
  EXPECT_ERROR(read("l0:0:e", {.values = 2}), ErrorCode::kMalformed);
  EXPECT_ERROR(read(std::string(500, 'l') + std::string(500, 'e')), ErrorCode::kMalformed);
}

TEST(Bencode, WritesWhatItReads) {
  Bytes out;
  put_raw(out, "l");
  put_integer(out, INT64_MIN);
  put_string(out, as_bytes("xyz"));
  put_string(out, {});
  put_raw(out, "e");
  EXPECT_EQ(as_text(out), "li-9223372036854775808e3:xyz0:e");
  EXPECT_TRUE(decode(out, {}).ok());
}

}  // namespace
}  // namespace phase::bencode
