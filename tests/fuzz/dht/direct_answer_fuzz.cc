// DHT nodes' answers, against proto/bencode.h, and what a lookup makes of them. Oracle: whatever is
// accepted is within the limits, and where our own strict decoder reads the same message, it holds
// the same id, nodes, peers and item; a lookup that hears a chain of such answers never holds or asks
// more than it may, asks nobody that cannot be asked, and comes to an end.
#include "dht/direct_answer.h"

#include <algorithm>

#include "dht/direct_lookup.h"
#include "proto/bencode.h"
#include "tests/fuzz/fuzz.h"

namespace phase::fuzz {
namespace {

using namespace dht;
using bencode::Value;

constexpr bencode::Limits kLimits{.bytes = kMaxAnswerBytes, .values = 1000, .depth = 10};

ByteView string_of(const Value& dict, std::string_view key) {
  const Value* found = dict.find(key, Value::Kind::kString);
  return found == nullptr ? ByteView{} : found->string;
}

void check_nodes(const Value& said, const DirectAnswer& answer) {
  std::vector<DhtContact> expected;
  for (const auto& [key, address] : {std::pair{"nodes", 6U}, std::pair{"nodes6", 18U}}) {
    ByteView rest = string_of(said, key);
    for (std::size_t i = 0; i < kMaxNodesOfOneAnswer && rest.size() >= 20 + address; ++i) {
      DhtContact contact;
      std::copy_n(rest.begin(), 20, contact.id.begin());
      contact.at = *parse_compact(rest.subspan(20, address));
      expected.push_back(contact);
      rest = rest.subspan(20 + address);
    }
  }
  check(expected == answer.nodes, "other nodes than were named");
}

void check_item(const Value& said, const DirectAnswer& answer) {
  const Value* seq = said.find("seq", Value::Kind::kInteger);
  const bool whole = seq != nullptr && string_of(said, "k").size() == 32 &&
                     string_of(said, "sig").size() == 64 && said.dict.contains("v");
  check(whole || !answer.item, "an item of which a part is missing");
  if (!answer.item) return;
  check(answer.item->value.size() <= kMaxPointerBytes, "an item that nobody may store");
  check(std::ranges::equal(answer.item->key.bytes, string_of(said, "k")), "another key");
  check(std::ranges::equal(answer.item->signature, string_of(said, "sig")), "another signature");
  (void)verify_item(*answer.item);
}

void check_against_strict(ByteView input, const Result<DirectAnswer>& answer) {
  const auto strict = bencode::decode(input, kLimits);
  if (!strict || strict->kind != Value::Kind::kDict) return;
  const Value* said = strict->find("r", Value::Kind::kDict);
  const bool good = said != nullptr && string_of(*said, "id").size() == 20;
  check(good == answer.ok(), "our own decoder sees another kind of message");
  if (!good) return;
  check(std::ranges::equal(answer->id, string_of(*said, "id")), "another id");
  check_nodes(*said, *answer);
  check_item(*said, *answer);
}

/// Everybody who is asked gives the same answer, under an id of his own.
void as_lookup(const DirectAnswer& answer, bool public_network) {
  Endpoint own;
  own.address = {10, 0, 0, 1};
  own.port = 6881;
  const Standpoint here{public_network, {own}};
  DirectLookup lookup(answer.id, here);
  Endpoint start = own;
  start.address[3] = 2;
  lookup.add_start(start);
  MonoTime now{};
  int asked = 0;
  for (; !lookup.over(); now = std::max(now + std::chrono::milliseconds(1), lookup.deadline())) {
    while (const auto to = lookup.next(now)) {
      check(*to == start || can_be_asked(*to, here), "somebody who cannot be asked is asked");
      Sha1 id = answer.id;
      id[0] = static_cast<std::uint8_t>(++asked);
      if (asked % 3 != 0) check(lookup.answered(*to, id, answer.nodes), "an answer unheard");
    }
    check(lookup.candidates() <= DirectLookup::kMaxCandidates, "too many candidates");
  }
  check(asked <= DirectLookup::kRounds * DirectLookup::kMaxAsked, "too many questions");
}

Bytes bytes(std::string_view text) { return {text.begin(), text.end()}; }

std::string text(std::string_view content) {
  return std::to_string(content.size()) + ":" + std::string(content);
}

}  // namespace

std::vector<Bytes> seeds() {
  const std::string id(20, 'i');
  std::string nodes, nodes6;
  for (char host = 1; host < 20; ++host) {
    nodes += std::string(20, host) + std::string("\x08\x08") + host + "\x01\x1a\xe1";
    nodes6 += std::string(20, host) + "\x20\x01" + std::string(13, host) + "\x01\x1a\xe1";
  }
  const std::string item =
      "1:k" + text(std::string(32, 'k')) + "3:seqi5e3:sig" + text(std::string(64, 's')) + "1:vd1:ai1ee";
  return {bytes("d1:rd2:id" + text(id) + "5:nodes" + text(nodes) + "e1:t2:aa1:y1:re"),
          bytes("d1:rd2:id" + text(id) + "6:nodes6" + text(nodes6) + "e1:y1:re"),
          bytes("d1:rd2:id" + text(id) + item + "e1:y1:re"),
          bytes("d1:rd2:id" + text(id) + "5:token4:abcd6:valuesl6:\x0a\x01\x02\x03\x1a\xe1" "4:abcdee1:y1:re"),
          bytes("d1:eli201e5:errore1:t2:aa1:y1:ee")};
}

void one(ByteView input) {
  const auto answer = decode_answer(input);
  check_against_strict(input, answer);
  if (!answer) return;
  check(input.size() <= kMaxAnswerBytes, "an answer too long");
  check(answer->nodes.size() <= 2 * kMaxNodesOfOneAnswer, "too many nodes");
  check(answer->peers.size() <= kMaxPeersOfOneAnswer, "too many peers");
  for (const Endpoint& peer : answer->peers) check(peer.port != 0, "a peer at no port");
  as_lookup(*answer, false);
  as_lookup(*answer, true);
}

}  // namespace phase::fuzz
