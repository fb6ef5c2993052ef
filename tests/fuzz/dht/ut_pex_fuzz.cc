// Peers that a peer names, against proto/bencode.h. Oracle: an offer and a list are what our own
// decoder reads too, and within the limits; what we write is read back as it was.
#include "dht/ut_pex.h"

#include <algorithm>
#include <libtorrent/bdecode.hpp>
#include <libtorrent/error_code.hpp>

#include "dht/convert.h"
#include "proto/bencode.h"
#include "tests/fuzz/fuzz.h"

namespace phase::fuzz {
namespace {

using namespace dht;
using bencode::Value;

constexpr bencode::Limits kLimits{.bytes = 1 << 20, .values = 10'000, .depth = 32};

Bytes bytes(std::string_view text) { return {text.begin(), text.end()}; }

std::int64_t integer(const Value* dict, std::string_view key) {
  const Value* found = dict == nullptr ? nullptr : dict->find(key, Value::Kind::kInteger);
  return found == nullptr ? 0 : found->integer;
}

void as_handshake(ByteView input) {
  lt::error_code error;
  const auto offer = pex_offer(lt::bdecode(to_span(input), error));
  const auto strict = bencode::decode(input, kLimits);
  if (!strict || strict->kind != Value::Kind::kDict) return;
  const auto number = integer(strict->find("m", Value::Kind::kDict), "ut_pex");
  const auto port = integer(&*strict, "p");
  const bool good = number >= 1 && number <= 255;
  check(offer.has_value() == good, "libtorrent's decoder and ours see another offer");
  if (good) check(offer->number == number, "its number");
  if (good) check(offer->port == (port >= 1 && port <= 65'535 ? port : 0), "its port");
}

void read(std::vector<Endpoint>& out, const Value& dict, std::string_view key, std::size_t each) {
  const Value* list = dict.find(key, Value::Kind::kString);
  if (list == nullptr) return;
  for (std::size_t at = 0; at + each <= list->string.size(); at += each) {
    const auto peer = parse_compact(list->string.subspan(at, each));
    if (out.size() < kMaxPexPeers && peer && peer->port != 0) out.push_back(*peer);
  }
}

void as_message(ByteView input) {
  const auto peers = pex_peers(input);
  check(peers.size() <= kMaxPexPeers, "too many");
  check(std::all_of(peers.begin(), peers.end(), [](const Endpoint& peer) { return peer.port != 0; }),
        "nobody can be connected at port 0");
  const auto strict = bencode::decode(input, kLimits);
  if (!strict || strict->kind != Value::Kind::kDict) return;
  std::vector<Endpoint> model;
  read(model, *strict, "added", 6);
  read(model, *strict, "added6", 18);
  check(peers == model, "libtorrent's decoder and ours see other peers");
}

/// Each 19 bytes are a peer.
void as_list(ByteView input) {
  std::vector<Endpoint> v4, v6;
  for (; input.size() >= 19 && v4.size() + v6.size() < kMaxPexPeers; input = input.subspan(19)) {
    const bool six = (input[0] & 1U) != 0;
    auto peer = parse_compact(input.subspan(1, six ? 18 : 6));
    if (peer && peer->port != 0) (six ? v6 : v4).push_back(*peer);
  }
  std::vector<Endpoint> all = v4;
  all.insert(all.end(), v6.begin(), v6.end());
  const std::string message = pex_message(3, all);
  const auto size = static_cast<std::size_t>(static_cast<unsigned char>(message[2])) * 256 +
                    static_cast<unsigned char>(message[3]);
  check(message.size() == size + 4 && message[4] == 20 && message[5] == 3, "the head of a message");
  check(pex_peers(as_bytes(std::string_view(message).substr(6))) == all, "what was written");
}

}  // namespace

std::vector<Bytes> seeds() {
  Bytes list;
  for (int i = 0; i < 19 * 60; ++i) list.push_back(static_cast<std::uint8_t>(i * 7 + i / 19));
  return {bytes("d1:md6:ut_pexi1ee1:pi6881ee"), bytes("d1:md6:ut_pexi300ee1:pi0ee"),
          bytes("d5:added12:\x0a\x01\x02\x03\x1a\xe1\x0a\x01\x02\x04\x1a\xe2" "7:added.f2:\x01\x02" "e"),
          bytes("d6:added618:0123456789abcdefghe"), std::move(list)};
}

void one(ByteView input) {
  as_handshake(input);
  as_message(input);
  as_list(input);
}

}  // namespace phase::fuzz
