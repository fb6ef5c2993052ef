// What peers say about an info dictionary and send of it, against proto/bencode.h and a model that
// keeps the bytes piece by piece. Oracle: an offer is what our own decoder reads too, and within the
// limits; a torrent that only takes never overlooks a question; of pieces in any order, with lies
// among them, exactly the dictionary with both hashes comes out.
#include "dht/ut_metadata.h"

#include <algorithm>
#include <libtorrent/bdecode.hpp>
#include <libtorrent/error_code.hpp>
#include <map>

#include "dht/convert.h"
#include "proto/bencode.h"
#include "tests/fuzz/fuzz.h"

namespace phase::fuzz {
namespace {

using namespace dht;
using bencode::Value;
using Taken = MetadataPieces::Taken;

constexpr std::size_t kPieceBytes = MetadataPieces::kPieceBytes;
constexpr bencode::Limits kLimits{.bytes = 1 << 20, .values = 10'000, .depth = 32};

Bytes bytes(std::string_view text) { return {text.begin(), text.end()}; }

/// As strict decoding reads it; `without` where it is not there. The least integer of all is 0 to
/// libtorrent.
std::int64_t integer(const Value* dict, std::string_view key, std::int64_t without) {
  const Value* found = dict == nullptr ? nullptr : dict->find(key, Value::Kind::kInteger);
  if (found == nullptr) return without;
  return found->integer == INT64_MIN ? 0 : found->integer;
}

void as_handshake(ByteView input) {
  lt::error_code error;
  const auto offer = metadata_offer(lt::bdecode(to_span(input), error));
  if (offer) {
    check(offer->number >= 1 && offer->size >= 1 && offer->size <= kMaxMetadataBytes, "an offer");
  }
  const auto strict = bencode::decode(input, kLimits);
  if (!strict || strict->kind != Value::Kind::kDict) return;
  const auto number = integer(strict->find("m", Value::Kind::kDict), "ut_metadata", 0);
  const auto size = integer(&*strict, "metadata_size", 0);
  const bool good = number >= 1 && number <= 255 && size >= 1 &&
                    size <= static_cast<std::int64_t>(kMaxMetadataBytes);
  check(offer.has_value() == good, "libtorrent's decoder and ours see another offer");
  if (good) check(offer->number == number && offer->size == static_cast<std::size_t>(size), "which");
}

void as_question(ByteView input) {
  const bool asks = asks_for_metadata(input);
  const auto strict = bencode::decode(input, kLimits);
  if (!strict || strict->kind != Value::Kind::kDict) return;
  check(asks == (integer(&*strict, "msg_type", -1) == 0), "a question was overlooked, or made up");
}

void check_question(std::uint8_t number, std::size_t piece) {
  const std::string asked = metadata_question(number, piece);
  check(asked.size() > 6 && asked.substr(0, 3) == std::string(3, '\0') && asked[4] == 20 &&
            static_cast<unsigned char>(asked[3]) == asked.size() - 4 &&
            static_cast<unsigned char>(asked[5]) == number,
        "the head of a question");
  const Bytes body = bytes(asked.substr(6));
  const auto strict = bencode::decode(body, kLimits);
  check(strict.ok() && integer(&*strict, "msg_type", -1) == 0 &&
            integer(&*strict, "piece", -1) == static_cast<std::int64_t>(piece),
        "a question that asks for something else");
  check(asks_for_metadata(body), "our own question");
}

/// Takes numbers off the front of the input; zeros behind its end.
class Script {
 public:
  explicit Script(ByteView input) : rest_(input) {}
  [[nodiscard]] bool ended() const { return rest_.empty(); }
  std::uint8_t byte() { return take(1).empty() ? std::uint8_t{0} : taken_.front(); }
  std::size_t word() { return byte() * 256U + byte(); }
  ByteView take(std::size_t count) {
    taken_ = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(taken_.size());
    return taken_;
  }

 private:
  ByteView rest_, taken_;
};

/// The right dictionary of each size is the beginning of these.
ByteView truth(std::size_t size) {
  static const Bytes all = [] {
    Bytes out;
    for (std::size_t i = 0; i < 1 << 16; ++i) out.push_back(static_cast<std::uint8_t>(i * 31 + i / 256));
    return out;
  }();
  return ByteView(all).first(size);
}

/// One peer's answers, and what must come of them.
class Conversation {
 public:
  explicit Conversation(std::size_t size)
      : size_(size), pieces_(size), truth_(truth(size)), infohashes_{sha1(truth_), sha256(truth_)} {
    check(pieces_.count() == (size + kPieceBytes - 1) / kPieceBytes, "how many pieces");
  }

  /// A piece as it must be, or of another length, or with a byte changed.
  void made(std::size_t piece, int longer, bool altered) {
    const std::size_t begin = std::min(piece * kPieceBytes, size_);
    const std::size_t right = std::min(kPieceBytes, size_ - begin);
    Bytes data(truth_.begin() + static_cast<std::ptrdiff_t>(begin),
               truth_.begin() + static_cast<std::ptrdiff_t>(begin + right));
    data.resize(static_cast<std::size_t>(std::max(0, static_cast<int>(right) + longer)));
    if (altered && !data.empty()) data[piece % data.size()] ^= 1;
    Bytes message = bytes("d8:msg_typei1e5:piecei" + std::to_string(piece) + "e10:total_sizei" +
                          std::to_string(size_) + "ee");
    message.insert(message.end(), data.begin(), data.end());
    const Taken taken = pieces_.take(message);
    if (piece >= pieces_.count() || has_.contains(piece)) {
      check(taken == Taken::kIgnored, "a piece that is not missing was taken");
    } else if (data.size() != right) {
      check(taken == Taken::kWrong, "a piece of another length was taken");
    } else {
      has_[piece] = data;
      check_kept(taken);
    }
  }

  /// Any bytes. Where our own decoder reads the head of what was kept, they are in the model.
  void raw(ByteView message) {
    const Taken taken = pieces_.take(message);
    if (taken == Taken::kIgnored || taken == Taken::kWrong) return;
    for (const std::size_t right : {kPieceBytes, size_ - (pieces_.count() - 1) * kPieceBytes}) {
      if (message.size() < right) continue;
      const auto head = bencode::decode(message.first(message.size() - right), kLimits);
      if (!head || head->kind != Value::Kind::kDict) continue;
      const auto piece = static_cast<std::size_t>(integer(&*head, "piece", -1));
      check(integer(&*head, "msg_type", -1) == 1 && piece < pieces_.count(), "no piece was kept");
      const ByteView data = message.subspan(message.size() - right);
      check(has_.emplace(piece, Bytes(data.begin(), data.end())).second, "a piece was kept twice");
      return check_kept(taken);
    }
    known_ = false;  // Kept with a head that only libtorrent reads.
  }

  void end() const {
    const auto out = pieces_.matching(infohashes_);
    check(!out || std::equal(out->begin(), out->end(), truth_.begin(), truth_.end()),
          "another dictionary with these hashes");
    if (!known_) return;
    bool all = has_.size() == pieces_.count();
    for (const auto& [piece, data] : has_) {
      const auto begin = static_cast<std::ptrdiff_t>(piece * kPieceBytes);
      all = all && std::equal(data.begin(), data.end(), truth_.begin() + begin);
    }
    check(!all || out.has_value(), "the right pieces were not enough");
    if (has_.size() == pieces_.count()) check(all == out.has_value(), "lies were enough");
  }

 private:
  void check_kept(Taken taken) const {
    if (!known_) return;
    const bool last = has_.size() == pieces_.count();
    check(taken == (last ? Taken::kComplete : Taken::kKept), "what is missing was miscounted");
  }

  std::size_t size_;
  MetadataPieces pieces_;
  ByteView truth_;
  Infohashes infohashes_;
  std::map<std::size_t, Bytes> has_;
  bool known_ = true;
};

void as_conversation(ByteView input) {
  Script script(input);
  Conversation peer(std::max<std::size_t>(1, script.word()));
  while (!script.ended()) {
    const std::uint8_t what = script.byte();
    if (what % 4 == 0) {
      peer.raw(script.take(script.word()));
    } else {
      const std::size_t piece = script.byte() % 8U;
      peer.made(piece, what % 4 == 2 ? static_cast<std::int8_t>(script.byte()) : 0, what % 4 == 3);
    }
  }
  peer.end();
}

Bytes conversation(std::size_t size, std::initializer_list<Bytes> parts) {
  Bytes out = {static_cast<std::uint8_t>(size >> 8U), static_cast<std::uint8_t>(size)};
  for (const Bytes& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

Bytes raw_message(std::string_view text) {
  Bytes out = {0, static_cast<std::uint8_t>(text.size() >> 8U), static_cast<std::uint8_t>(text.size())};
  out.insert(out.end(), text.begin(), text.end());
  return out;
}

}  // namespace

std::vector<Bytes> seeds() {
  return {bytes("d1:md11:ut_metadatai3ee13:metadata_sizei40000ee"),
          bytes("d1:md11:ut_metadatai256ee13:metadata_sizei-1ee"),
          bytes("d8:msg_typei0e5:piecei0ee"),
          bytes("d8:msg_typei-9223372036854775808e5:piecei0ee"),
          conversation(40'000, {{1, 0}, {1, 2}, {1, 1}}),
          conversation(40'000, {{1, 0}, {3, 2}, {1, 7}, {2, 1, 0xff}, {1, 1}, {1, 1}}),
          conversation(16'384, {{1, 0}}),
          conversation(3, {raw_message("d8:msg_typei1e5:piecei0eeabc")}),
          conversation(20, {raw_message("d5:piecei0e8:msg_typei1e1:x1:yee"), {1, 0}})};
}

void one(ByteView input) {
  as_handshake(input);
  as_question(input);
  as_conversation(input);
  check_question(input.empty() ? 1 : input[0], input.size() % 64);
}

}  // namespace phase::fuzz
