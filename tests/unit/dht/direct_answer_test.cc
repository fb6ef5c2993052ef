// tests/unit/dht/direct_answer_test.cc
#include "dht/direct_answer.h"

#include <gtest/gtest.h>

namespace phase::dht {
namespace {

const std::string kId = "iiiiiiiiiiiiiiiiiiii";

std::string text(const std::string& bytes) {
  return std::to_string(bytes.size()) + ":" + bytes;
}
/// An answer with `fields` behind the id.
std::string answer(const std::string& fields) {
  return "d1:rd2:id" + text(kId) + fields + "e1:t2:aa1:y1:re";
}
std::string node(char id, char host) {
  return std::string(20, id) + std::string("\x0a\x00\x00", 3) + host + std::string("\x1a\xe1", 2);
}
Result<DirectAnswer> decode(const std::string& message) { return decode_answer(as_bytes(message)); }

SignedItem item() {
  return sign_item(SecretKey::generate(system_random()), "", 7, {'d', '1', ':', 'a', 'i', '1', 'e', 'e'});
}
std::string item_fields(const SignedItem& item) {
  return "1:k" + text(std::string(as_text(item.key.bytes))) + "3:seqi" + std::to_string(item.seq) +
         "e3:sig" + text(std::string(as_text(item.signature))) + "1:v" +
         std::string(as_text(item.value));
}

TEST(DirectAnswer, HoldsNodesPeersAndItem) {
  const SignedItem signed_item = item();
  // libtorrent's decoder wants no order of the keys.
  const std::string message = answer(item_fields(signed_item) + "5:nodes" +
                                     text(node('a', 'x') + node('b', 'y')) + "6:valuesl" +
                                     text("\x0a\x01\x02\x03\x1a\xe1") + "e");
  const auto decoded = decode(message);
  ASSERT_TRUE(decoded.ok()) << decoded.error().detail;
  EXPECT_EQ(as_text(decoded->id), kId);
  ASSERT_EQ(decoded->nodes.size(), 2U);
  EXPECT_EQ(as_text(decoded->nodes[1].id), std::string(20, 'b'));
  EXPECT_EQ(decoded->nodes[1].at.text(), "10.0.0.121:6881");
  ASSERT_EQ(decoded->peers.size(), 1U);
  EXPECT_EQ(decoded->peers[0].text(), "10.1.2.3:6881");
  ASSERT_TRUE(decoded->item.has_value());
  EXPECT_TRUE(verify_item(*decoded->item).ok());
  EXPECT_EQ(decoded->item->seq, 7);
}

TEST(DirectAnswer, HoldsNodesOfBothFamilies) {
  const std::string v6 = std::string(20, 'c') + std::string("\xfd") + std::string(14, '\0') +
                         std::string("\x01\x1a\xe1");
  const auto decoded = decode(answer("5:nodes" + text(node('a', 'x')) + "6:nodes6" + text(v6)));
  ASSERT_TRUE(decoded.ok());
  ASSERT_EQ(decoded->nodes.size(), 2U);
  EXPECT_EQ(decoded->nodes[1].at.text(), "[fd00::1]:6881");
}

TEST(DirectAnswer, IsNoneWithoutAnId) {
  for (const std::string& message :
       {std::string(), std::string("de"), std::string("i1e"), std::string("d1:rdee"),
        std::string("d1:rd2:id3:abcee"), std::string("d1:eli201e5:errore1:y1:ee"),
        std::string("d1:r2:hie"), answer("").substr(1)}) {
    EXPECT_FALSE(decode(message).ok()) << message;
  }
}

TEST(DirectAnswer, TakesNoMoreThanItsShareOfWhatANodeNames) {
  std::string nodes, values;
  for (int i = 0; i < 150; ++i) nodes += node('a', static_cast<char>(i));
  for (int i = 0; i < 300; ++i) values += "6:\x0a\x01\x02\x03\x1a\xe1";
  const auto decoded = decode(answer("5:nodes" + text(nodes) + "6:valuesl" + values + "e"));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->nodes.size(), kMaxNodesOfOneAnswer);
  EXPECT_EQ(decoded->peers.size(), kMaxPeersOfOneAnswer);
  EXPECT_FALSE(decode(answer("1:x" + text(std::string(kMaxAnswerBytes, 'x')))).ok());
  EXPECT_FALSE(decode(answer("1:x" + std::string(100, 'l') + std::string(100, 'e'))).ok());
}

TEST(DirectAnswer, PassesOverWhatIsNoPeerNorWholeNode) {
  const auto decoded =
      decode(answer("5:nodes" + text(node('a', 'x') + "rest") + "6:valuesl" + text("short") +
                    text(std::string("\x0a\x01\x02\x03", 4) + std::string(2, '\0')) + "i7ee"));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->nodes.size(), 1U);
  EXPECT_TRUE(decoded->peers.empty());
}

TEST(DirectAnswer, HasNoItemWhereAPartOfItIsWrong) {
  SignedItem good = item();
  const std::string fields = item_fields(good);
  EXPECT_TRUE(decode(answer(fields))->item.has_value());
  EXPECT_FALSE(decode(answer(fields.substr(std::string("1:k32:").size() + 32)))->item.has_value());
  EXPECT_FALSE(decode(answer("1:v2:hi"))->item.has_value());
  const std::string long_value = text(std::string(kMaxPointerBytes, 'x'));
  good.value.assign(long_value.begin(), long_value.end());
  EXPECT_FALSE(decode(answer(item_fields(good)))->item.has_value());
}

}  // namespace
}  // namespace phase::dht
