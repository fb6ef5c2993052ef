// Goal: what peers say of an info dictionary is taken within its limits, and pieces only for what was
// asked. Method: messages as values; whatever else is tried by tests/fuzz/dht/ut_metadata_fuzz.cc.
#include "dht/ut_metadata.h"

#include <gtest/gtest.h>

#include <libtorrent/bdecode.hpp>

#include "dht/convert.h"

namespace phase::dht {
namespace {

using Taken = MetadataPieces::Taken;

constexpr std::size_t kPieceBytes = MetadataPieces::kPieceBytes;

std::optional<MetadataOffer> offer_of(const std::string& handshake) {
  lt::error_code error;
  return metadata_offer(lt::bdecode(to_span(as_bytes(handshake)), error));
}

Taken take(MetadataPieces& pieces, const std::string& message) {
  return pieces.take(as_bytes(message));
}

std::string piece_message(std::int64_t piece, const std::string& data) {
  return "d8:msg_typei1e5:piecei" + std::to_string(piece) + "e10:total_sizei20000ee" + data;
}

TEST(UtMetadata, AnOfferHasANumberAndASizeWithinTheLimits) {
  const auto offer = offer_of("d1:md11:ut_metadatai3ee13:metadata_sizei20000ee");
  ASSERT_TRUE(offer.has_value());
  EXPECT_EQ(offer->number, 3);
  EXPECT_EQ(offer->size, 20'000u);
  for (const char* handshake :
       {"", "le", "i1e", "de", "d1:md11:ut_metadatai3eee", "d1:mi1e13:metadata_sizei9ee",
        "d1:md11:ut_metadatai0ee13:metadata_sizei9ee",
        "d1:md11:ut_metadatai256ee13:metadata_sizei9ee",
        "d1:md11:ut_metadatai3ee13:metadata_sizei0ee",
        "d1:md11:ut_metadatai3ee13:metadata_sizei-1ee",
        "d1:md11:ut_metadatai3ee13:metadata_sizei1048577ee"}) {
    EXPECT_FALSE(offer_of(handshake).has_value()) << handshake;
  }
}

TEST(UtMetadata, OurQuestionIsOne) {
  const std::string asked = metadata_question(7, 12);
  EXPECT_EQ(asked, std::string("\0\0\0\x1c\x14\x07", 6) + "d8:msg_typei0e5:piecei12ee");
  EXPECT_TRUE(asks_for_metadata(as_bytes(asked).subspan(6)));
  EXPECT_FALSE(asks_for_metadata(as_bytes(std::string("d8:msg_typei1e5:piecei12ee"))));
  EXPECT_FALSE(asks_for_metadata(as_bytes(std::string("de"))));
  EXPECT_FALSE(asks_for_metadata({}));
}

TEST(UtMetadata, PiecesInAnyOrderMakeTheDictionary) {
  const std::string info = std::string(kPieceBytes, 'a') + std::string(3616, 'b');
  MetadataPieces pieces(info.size());
  ASSERT_EQ(pieces.count(), 2u);
  EXPECT_EQ(take(pieces, piece_message(1, info.substr(kPieceBytes))), Taken::kKept);
  EXPECT_EQ(take(pieces, piece_message(1, info.substr(kPieceBytes))), Taken::kIgnored) << "twice";
  EXPECT_EQ(take(pieces, piece_message(0, info.substr(0, kPieceBytes))), Taken::kComplete);
  const Infohashes right{sha1(as_bytes(info)), sha256(as_bytes(info))};
  const auto out = pieces.matching(right);
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(as_text(*out), info);
  // SHA-1 alone can be made to collide.
  EXPECT_FALSE(pieces.matching({right.v1, Sha256{}}).has_value());
  EXPECT_FALSE(pieces.matching({Sha1{}, right.v2}).has_value());
}

// A peer may say at any time that its dictionary is larger: what was asked for stays what it was, and
// a piece behind its end would be written behind the end of memory.
TEST(UtMetadata, APieceBehindTheEndThatWasAskedForIsIgnored) {
  MetadataPieces pieces(1);
  for (const std::int64_t piece : {std::int64_t{1}, std::int64_t{62}, std::int64_t{63},
                                   std::int64_t{64}, std::int64_t{-1}, INT64_MAX}) {
    EXPECT_EQ(take(pieces, piece_message(piece, std::string(kPieceBytes, 'x'))), Taken::kIgnored)
        << piece;
  }
  EXPECT_EQ(take(pieces, piece_message(0, "x")), Taken::kComplete);
}

TEST(UtMetadata, APieceOfAnotherLengthIsWrong) {
  for (const std::size_t size : {0U, 9U, 11U, 16'384U}) {
    MetadataPieces pieces(10);
    EXPECT_EQ(take(pieces, piece_message(0, std::string(size, 'x'))), Taken::kWrong) << size;
  }
}

TEST(UtMetadata, OtherMessagesSayNothing) {
  MetadataPieces pieces(10);
  for (const char* message : {"", "i1e", "d8:msg_typei2e5:piecei0ee0123456789", "d8:msg_typei1ee",
                              "d5:piecei0ee0123456789", "d8:msg_type1:15:piecei0ee0123456789"}) {
    EXPECT_EQ(take(pieces, message), Taken::kIgnored) << message;
  }
}

}  // namespace
}  // namespace phase::dht
