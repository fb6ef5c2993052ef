#include "sim/hostile/krpc.h"

#include <algorithm>

#include "proto/bencode.h"

namespace phase::sim {
namespace {

using bencode::Value;

constexpr bencode::Limits kLimits{.bytes = 8192, .values = 1024, .depth = 8};
constexpr std::size_t kNodeBytes = 26;

void put_text(Bytes& out, std::string_view text) { bencode::put_string(out, as_bytes(text)); }

ByteView view(const auto& array) { return {array.data(), array.size()}; }

}  // namespace

std::optional<KrpcQuery> read_query(ByteView datagram) {
  const auto message = bencode::decode(datagram, kLimits);
  if (!message) return std::nullopt;
  const auto* kind = message->find("y", Value::Kind::kString);
  const auto* transaction = message->find("t", Value::Kind::kString);
  const auto* verb = message->find("q", Value::Kind::kString);
  const auto* arguments = message->find("a", Value::Kind::kDict);
  if (kind == nullptr || as_text(kind->string) != "q" || transaction == nullptr ||
      verb == nullptr || arguments == nullptr) {
    return std::nullopt;
  }
  KrpcQuery out{std::string(as_text(transaction->string)), std::string(as_text(verb->string)), {}};
  for (const char* name : {"target", "info_hash"}) {
    const auto* target = arguments->find(name, Value::Kind::kString);
    if (target != nullptr) out.target = exactly<20>(target->string);
  }
  return out;
}

std::vector<KrpcNode> read_nodes(ByteView datagram) {
  std::vector<KrpcNode> out;
  const auto message = bencode::decode(datagram, kLimits);
  if (!message) return out;
  const auto* reply = message->find("r", Value::Kind::kDict);
  const auto* nodes = reply == nullptr ? nullptr : reply->find("nodes", Value::Kind::kString);
  if (nodes == nullptr) return out;
  for (auto rest = nodes->string; rest.size() >= kNodeBytes; rest = rest.subspan(kNodeBytes)) {
    const auto at = parse_compact(rest.subspan(20, 6));
    if (at) out.push_back({*exactly<20>(rest.first(20)), *at});
  }
  return out;
}

Bytes write_reply(const std::string& transaction, const KrpcReply& reply) {
  Bytes out;
  bencode::put_raw(out, "d1:rd2:id");
  bencode::put_string(out, view(reply.id));
  if (reply.item != nullptr) {
    bencode::put_raw(out, "1:k");
    bencode::put_string(out, view(reply.item->key.bytes));
  }
  Bytes nodes;
  for (const auto& node : reply.nodes) {
    const auto at = node.at.compact();
    nodes.insert(nodes.end(), node.id.begin(), node.id.end());
    nodes.insert(nodes.end(), at.begin(), at.end());
  }
  bencode::put_raw(out, "5:nodes");
  bencode::put_string(out, nodes);
  if (reply.item != nullptr) {
    bencode::put_raw(out, "3:seq");
    bencode::put_integer(out, reply.item->seq);
    bencode::put_raw(out, "3:sig");
    bencode::put_string(out, view(reply.item->signature));
  }
  if (!reply.token.empty()) {
    bencode::put_raw(out, "5:token");
    put_text(out, reply.token);
  }
  if (reply.item != nullptr) {
    bencode::put_raw(out, "1:v");
    bencode::put_raw(out, as_text(reply.item->value));
  }
  if (!reply.peers.empty()) {
    bencode::put_raw(out, "6:valuesl");
    for (const auto& peer : reply.peers) bencode::put_string(out, peer.compact());
    bencode::put_raw(out, "e");
  }
  bencode::put_raw(out, "e1:t");
  put_text(out, transaction);
  bencode::put_raw(out, "1:y1:re");
  return out;
}

Bytes write_find_node(const std::string& transaction, const Sha1& own, const Sha1& target) {
  Bytes out;
  bencode::put_raw(out, "d1:ad2:id");
  bencode::put_string(out, view(own));
  bencode::put_raw(out, "6:target");
  bencode::put_string(out, view(target));
  bencode::put_raw(out, "e1:q9:find_node1:t");
  put_text(out, transaction);
  bencode::put_raw(out, "1:y1:qe");
  return out;
}

}  // namespace phase::sim
