#include "dht/ut_metadata.h"

#include <algorithm>
#include <libtorrent/bdecode.hpp>
#include <libtorrent/error_code.hpp>

#include "dht/convert.h"

namespace phase::dht {
namespace {

constexpr char kExtended = 20;  // BEP 10.
constexpr std::int64_t kQuestion = 0, kData = 1;

/// The dictionary at the beginning of a message; the bytes of a piece follow it.
lt::bdecode_node head_of(ByteView message) {
  lt::error_code error;
  int end = 0;
  return lt::bdecode(to_span(message), error, &end);
}

}  // namespace

std::optional<MetadataOffer> metadata_offer(const lt::bdecode_node& handshake) {
  if (handshake.type() != lt::bdecode_node::dict_t) return std::nullopt;
  const auto numbers = handshake.dict_find_dict("m");
  const auto number = numbers ? numbers.dict_find_int_value("ut_metadata", 0) : 0;
  const auto size = handshake.dict_find_int_value("metadata_size", 0);
  if (number < 1 || number > 255) return std::nullopt;
  if (size < 1 || size > static_cast<std::int64_t>(kMaxMetadataBytes)) return std::nullopt;
  return MetadataOffer{static_cast<std::uint8_t>(number), static_cast<std::size_t>(size)};
}

bool asks_for_metadata(ByteView message) {
  const auto head = head_of(message);
  return head.type() == lt::bdecode_node::dict_t &&
         head.dict_find_int_value("msg_type", -1) == kQuestion;
}

std::string metadata_question(std::uint8_t number, std::size_t piece) {
  const std::string body = "d8:msg_typei0e5:piecei" + std::to_string(piece) + "ee";
  const auto size = static_cast<char>(body.size() + 2);
  return std::string{0, 0, 0, size, kExtended, static_cast<char>(number)} + body;
}

MetadataPieces::MetadataPieces(std::size_t size)
    : info_(size), has_((size + kPieceBytes - 1) / kPieceBytes) {}

MetadataPieces::Taken MetadataPieces::take(ByteView message) {
  const auto head = head_of(message);
  if (head.type() != lt::bdecode_node::dict_t) return Taken::kIgnored;
  const auto piece = head.dict_find_int_value("piece", -1);
  if (head.dict_find_int_value("msg_type", -1) != kData || piece < 0) return Taken::kIgnored;
  const auto at = static_cast<std::size_t>(piece);
  if (at >= count() || has_[at]) return Taken::kIgnored;
  const auto data = message.subspan(static_cast<std::size_t>(head.data_section().size()));
  const std::size_t begin = at * kPieceBytes;
  if (data.size() != std::min(kPieceBytes, info_.size() - begin)) return Taken::kWrong;
  std::copy(data.begin(), data.end(), info_.begin() + static_cast<std::ptrdiff_t>(begin));
  has_[at] = true;
  const bool missing = std::find(has_.begin(), has_.end(), false) != has_.end();
  return missing ? Taken::kKept : Taken::kComplete;
}

std::optional<Bytes> MetadataPieces::matching(const Infohashes& infohashes) const {
  if (sha1(info_) != infohashes.v1 || sha256(info_) != infohashes.v2) return std::nullopt;
  return info_;
}

}  // namespace phase::dht
