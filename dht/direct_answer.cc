// dht/direct_answer.cc
#include "dht/direct_answer.h"

#include <algorithm>
#include <libtorrent/bdecode.hpp>

#include "dht/convert.h"

namespace phase::dht {
namespace {

constexpr std::size_t kIdBytes = 20;
constexpr int kMaxDepth = 10;
constexpr int kMaxTokens = 1000;

ByteView string_in(const lt::bdecode_node& dict, const char* key) {
  const lt::bdecode_node found = dict.dict_find_string(key);
  if (!found) return {};
  return from_span({found.string_ptr(), found.string_length()});
}

/// BEP 5's nodes, or BEP 32's nodes6: ids, each with an address behind it.
void read_nodes(ByteView compact, std::size_t address_bytes, std::vector<DhtContact>& out) {
  const std::size_t each = kIdBytes + address_bytes;
  for (std::size_t taken = 0; compact.size() >= each && taken < kMaxNodesOfOneAnswer; ++taken) {
    DhtContact contact;
    std::copy_n(compact.begin(), kIdBytes, contact.id.begin());
    if (const auto at = parse_compact(compact.subspan(kIdBytes, address_bytes))) {
      contact.at = *at;
      out.push_back(contact);
    }
    compact = compact.subspan(each);
  }
}

std::vector<Endpoint> read_peers(const lt::bdecode_node& answer) {
  std::vector<Endpoint> out;
  const lt::bdecode_node values = answer.dict_find_list("values");
  if (!values) return out;
  for (int i = 0; i < values.list_size() && out.size() < kMaxPeersOfOneAnswer; ++i) {
    const lt::bdecode_node value = values.list_at(i);
    if (value.type() != lt::bdecode_node::string_t) continue;
    const auto peer = parse_compact(from_span({value.string_ptr(), value.string_length()}));
    if (peer && peer->port != 0) out.push_back(*peer);
  }
  return out;
}

std::optional<SignedItem> read_item(const lt::bdecode_node& answer) {
  const lt::bdecode_node value = answer.dict_find("v");
  const lt::bdecode_node seq = answer.dict_find_int("seq");
  const ByteView key = string_in(answer, "k");
  const ByteView signature = string_in(answer, "sig");
  SignedItem item;
  if (!value || !seq || key.size() != item.key.bytes.size() ||
      signature.size() != item.signature.size()) {
    return std::nullopt;
  }
  const ByteView bytes = from_span(value.data_section());
  if (bytes.size() > kMaxPointerBytes) return std::nullopt;
  std::copy(key.begin(), key.end(), item.key.bytes.begin());
  std::copy(signature.begin(), signature.end(), item.signature.begin());
  item.seq = seq.int_value();
  item.value.assign(bytes.begin(), bytes.end());
  return item;
}

}  // namespace

Result<DirectAnswer> decode_answer(ByteView untrusted) {
  if (untrusted.size() > kMaxAnswerBytes) return {ErrorCode::kMalformed, "a DHT answer too long"};
  lt::error_code error;
  const lt::bdecode_node message =
      lt::bdecode(to_span(untrusted), error, nullptr, kMaxDepth, kMaxTokens);
  if (error || message.type() != lt::bdecode_node::dict_t) {
    return {ErrorCode::kMalformed, "a DHT answer that is no dictionary"};
  }
  const lt::bdecode_node answer = message.dict_find_dict("r");
  if (!answer) return {ErrorCode::kMalformed, "a DHT message that answers nothing"};
  const ByteView id = string_in(answer, "id");
  DirectAnswer out;
  if (id.size() != out.id.size()) return {ErrorCode::kMalformed, "a DHT answer without an id"};
  std::copy(id.begin(), id.end(), out.id.begin());
  read_nodes(string_in(answer, "nodes"), 6, out.nodes);
  read_nodes(string_in(answer, "nodes6"), 18, out.nodes);
  out.peers = read_peers(answer);
  out.item = read_item(answer);
  const ByteView token = string_in(answer, "token");
  if (token.size() <= kMaxTokenBytes) out.token = as_text(token);
  return out;
}

}  // namespace phase::dht
