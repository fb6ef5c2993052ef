#include "sim/hostile/peer_wire.h"

#include <gtest/gtest.h>

#include <string>

namespace phase::sim {
namespace {

Bytes bytes(const std::string& text) {
  return {text.begin(), text.end()};
}

TEST(PeerWire, MessagesHaveTheirLengthInFront) {
  EXPECT_EQ(peer_message(kUnchoke, {}), (Bytes{0, 0, 0, 1, 1}));
  EXPECT_EQ(piece_message(0x01020304, 0x4000, bytes("ab")),
            (Bytes{0, 0, 0, 11, 7, 1, 2, 3, 4, 0, 0, 0x40, 0, 'a', 'b'}));
}

TEST(PeerWire, APartOfTheInfoDictionaryIsAsBep9HasIt) {
  const std::string body = "d8:msg_typei1e5:piecei2e10:total_sizei40000eexyz";
  auto expected = bytes(std::string{0, 0, 0, static_cast<char>(body.size() + 2), 20, 3} + body);
  EXPECT_EQ(metadata_message(3, 2, 40'000, bytes("xyz")), expected);
}

TEST(PeerWire, ReadsRequestsOfOneLengthOnly) {
  const Bytes body = {0, 0, 0, 7, 0, 0, 0x40, 0, 0, 0, 0x20, 0};
  const auto request = read_request_body(body);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->piece, 7U);
  EXPECT_EQ(request->begin, 0x4000U);
  EXPECT_EQ(request->count, 0x2000U);
  for (std::size_t size = 0; size < body.size(); ++size) {
    EXPECT_FALSE(read_request_body(ByteView(body).first(size)).has_value()) << size;
  }
  EXPECT_FALSE(read_request_body(Bytes(13)).has_value());
  // Nobody makes it read four GiB.
  EXPECT_EQ(read_request_body(Bytes(12, 0xFF))->count, kBlockBytes);
}

TEST(PeerWire, TheHandshakeIsAnsweredForTheSameTorrent) {
  const Bytes infohash(20, 'i');
  const Bytes asked = handshake(infohash, Bytes(20, 'a'));
  ASSERT_EQ(asked.size(), 68U);
  const Bytes answer = handshake_answer(asked, Bytes(20, 'b'));
  EXPECT_EQ(answer, handshake(infohash, Bytes(20, 'b')));
  EXPECT_EQ(as_text(answer), std::string("\x13") + "BitTorrent protocol" +
                                 std::string("\0\0\0\0\0\x10\0\x04", 8) + std::string(20, 'i') +
                                 std::string(20, 'b'));
}

TEST(PeerWire, ReadsWhereAPeerTakesConnections) {
  EXPECT_EQ(read_listen_port(as_bytes("d1:pi6881ee")), 6881);
  for (const char* none : {"", "de", "d1:pi0ee", "d1:pi65536ee", "d1:pi-1ee", "d1:p4:6881e"}) {
    EXPECT_FALSE(read_listen_port(as_bytes(none)).has_value()) << none;
  }
}

TEST(PeerWire, ReadsTheNumberOfAnExtension) {
  EXPECT_EQ(read_extension_number(as_bytes("d1:md11:ut_metadatai2e6:ut_pexi9eee"), "ut_pex"), 9);
  EXPECT_EQ(read_extension_number(as_bytes("d1:md11:ut_metadatai2eee"), "ut_metadata"), 2);
  for (const char* none : {"", "d1:mde", "de", "d1:mi1ee", "d1:md11:ut_metadatai0eee",
                           "d1:md11:ut_metadatai256eee", "d1:md11:ut_metadatai-1eee",
                           "d1:md11:ut_metadata1:2ee", "d1:md11:ut_metadatai2eee ", "garbage"}) {
    EXPECT_FALSE(read_extension_number(as_bytes(none), "ut_metadata").has_value()) << none;
  }
}

TEST(PeerWire, ReadsWhichPieceOfTheInfoDictionaryIsAskedFor) {
  EXPECT_EQ(read_metadata_request(as_bytes("d8:msg_typei0e5:piecei3ee")), 3);
  for (const char* none : {"", "d8:msg_typei1e5:piecei3ee", "d8:msg_typei0ee", "d5:piecei3ee",
                           "d8:msg_type1:05:piecei3ee", "d8:msg_typei0e5:piecei3e"}) {
    EXPECT_FALSE(read_metadata_request(as_bytes(none)).has_value()) << none;
  }
}

}  // namespace
}  // namespace phase::sim
