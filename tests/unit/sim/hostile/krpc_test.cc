#include "sim/hostile/krpc.h"

#include <gtest/gtest.h>

#include "proto/bencode.h"

namespace phase::sim {
namespace {

// BEP 5's own examples.
const std::string kPing = "d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe";
const std::string kFindNode =
    "d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz123456e1:q9:find_node1:t2:aa1:y1:qe";
const std::string kGetPeers =
    "d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz123456e1:q9:get_peers1:t2:aa1:y1:"
    "qe";

Sha1 sha1_from(std::string_view text) {
  return *exactly<20>(as_bytes(text));
}

std::string text(const Bytes& bytes) {
  return std::string(as_text(bytes));
}

std::string replaced(std::string in, const std::string& from, const std::string& to) {
  const auto at = in.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? in : in.replace(at, from.size(), to);
}

TEST(Krpc, ReadsTheQueriesOfBep5) {
  const auto ping = read_query(as_bytes(kPing));
  ASSERT_TRUE(ping.has_value());
  EXPECT_EQ(ping->verb, "ping");
  EXPECT_EQ(ping->transaction, "aa");
  EXPECT_FALSE(ping->target.has_value());
  for (const auto& query : {kFindNode, kGetPeers}) {
    const auto read = read_query(as_bytes(query));
    ASSERT_TRUE(read.has_value()) << query;
    EXPECT_EQ(read->target, sha1_from("mnopqrstuvwxyz123456")) << query;
  }
}

TEST(Krpc, ReadsNothingFromWhatIsNoQuery) {
  const std::vector<std::string> broken = {
      "",
      "d",
      "de",
      "le",
      "i1e",
      "4:ping",
      kPing + "x",
      kPing.substr(0, kPing.size() - 1),
      replaced(kPing, "1:y1:q", "1:y1:r"),  // a reply
      replaced(kPing, "1:y1:q", "1:yi1e"),  // of another kind
      replaced(kPing, "1:q4:ping", ""),     // asks nothing
      replaced(kPing, "1:q4:ping", "1:qli1ee"),
      replaced(kPing, "1:t2:aa", ""),  // cannot be answered
      "d1:q4:ping1:t2:aa1:y1:qe",      // without arguments
      "d1:a2:id1:q4:ping1:t2:aa1:y1:qe",
      replaced(kPing, "d2:id20", "d2:id99999999999999999999"),
      replaced(kPing, "d2:id20:abcdefghij0123456789e",
               std::string(5000, 'l') + std::string(5000, 'e')),
      replaced(kPing, "abcdefghij0123456789", "abcdefghij012345678"),
      replaced(kPing, "20:abcdefghij0123456789", "9000:" + std::string(9000, 'x'))};
  for (const auto& datagram : broken) {
    EXPECT_FALSE(read_query(as_bytes(datagram)).has_value()) << datagram.substr(0, 100);
  }
  // Every prefix of a query, too.
  for (std::size_t size = 0; size < kFindNode.size(); ++size) {
    EXPECT_FALSE(read_query(as_bytes(kFindNode.substr(0, size))).has_value()) << size;
  }
}

TEST(Krpc, TakesNoTargetOfAnotherLength) {
  const auto query = read_query(
      as_bytes(replaced(kFindNode, "20:mnopqrstuvwxyz123456", "19:mnopqrstuvwxyz12345")));
  ASSERT_TRUE(query.has_value());
  EXPECT_FALSE(query->target.has_value());
}

TEST(Krpc, AsksAsBep5Does) {
  const auto asked =
      write_find_node("aa", sha1_from("abcdefghij0123456789"), sha1_from("mnopqrstuvwxyz123456"));
  EXPECT_EQ(text(asked), kFindNode);
}

TEST(Krpc, AnswersAPingAsBep5Does) {
  KrpcReply reply;
  reply.id = sha1_from("mnopqrstuvwxyz123456");
  EXPECT_EQ(text(write_reply("aa", reply)),
            "d1:rd2:id20:mnopqrstuvwxyz1234565:nodes0:e1:t2:aa1:y1:re");
}

TEST(Krpc, NodesAreReadAsTheyWereWritten) {
  KrpcReply reply;
  reply.nodes = {{sha1_from("abcdefghij0123456789"), *parse_endpoint("10.1.2.3:6881")},
                 {sha1_from("mnopqrstuvwxyz123456"), *parse_endpoint("10.1.2.4:1")}};
  const auto datagram = write_reply("aa", reply);
  const auto read = read_nodes(datagram);
  ASSERT_EQ(read.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(read[i].id, reply.nodes[i].id);
    EXPECT_EQ(read[i].at, reply.nodes[i].at);
  }
  EXPECT_FALSE(read_query(datagram).has_value()) << "a reply is no query";
}

TEST(Krpc, NoNodesComeOfWhatIsNoReply) {
  EXPECT_TRUE(read_nodes(as_bytes(kFindNode)).empty());
  EXPECT_TRUE(read_nodes(as_bytes("")).empty());
  EXPECT_TRUE(read_nodes(as_bytes("d1:r5:nodese")).empty());
  EXPECT_TRUE(read_nodes(as_bytes("d1:rd5:nodesi1eee")).empty());
  // 27 bytes are one node and a rest.
  EXPECT_EQ(read_nodes(as_bytes("d1:rd5:nodes27:" + std::string(27, 'n') + "ee")).size(), 1U);
  EXPECT_TRUE(read_nodes(as_bytes("d1:rd5:nodes25:" + std::string(25, 'n') + "ee")).empty());
}

// BEP 44 in one reply with all else: the keys of both dicts are sorted, or strict readers refuse
// it.
TEST(Krpc, ASignedItemIsInTheReplyAsItWasSigned) {
  const auto key = SecretKey::from_seed(Bytes(32, 7));
  ASSERT_TRUE(key.ok());
  const auto item = sign_item(*key, "salt", 42, Bytes{'d', '1', ':', 'n', 'i', '7', 'e', 'e'});
  KrpcReply reply;
  reply.id = sha1_from("mnopqrstuvwxyz123456");
  reply.nodes = {{sha1_from("abcdefghij0123456789"), *parse_endpoint("10.1.2.3:6881")}};
  reply.token = "token";
  reply.peers = {*parse_endpoint("10.1.2.9:80"), *parse_endpoint("10.1.2.9:81")};
  reply.item = &item;
  const auto datagram = write_reply("aa", reply);
  const auto read = bencode::decode(datagram, {.bytes = 2000});
  ASSERT_TRUE(read.ok()) << read.error().detail;
  using Kind = bencode::Value::Kind;
  const auto* r = read->find("r", Kind::kDict);
  ASSERT_NE(r, nullptr);
  EXPECT_EQ(r->find("seq", Kind::kInteger)->integer, 42);
  EXPECT_EQ(as_text(r->find("token", Kind::kString)->string), "token");
  EXPECT_EQ(r->find("values", Kind::kList)->list.size(), 2U);
  EXPECT_EQ(r->find("v", Kind::kDict)->find("n", Kind::kInteger)->integer, 7);
  SignedItem back = item;
  back.key.bytes = *exactly<32>(r->find("k", Kind::kString)->string);
  back.signature = *exactly<64>(r->find("sig", Kind::kString)->string);
  EXPECT_TRUE(verify_item(back).ok());
}

}  // namespace
}  // namespace phase::sim
