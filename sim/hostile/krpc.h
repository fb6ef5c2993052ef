// sim/hostile/krpc.h
// KRPC messages (BEP 5, 44) as a hostile DHT node reads and writes them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/bytes.h"
#include "proto/endpoint.h"
#include "proto/hash.h"
#include "proto/pointer.h"

namespace phase::sim {

struct KrpcNode {
  Sha1 id{};
  Endpoint at;
};

struct KrpcQuery {
  std::string transaction;
  std::string verb;         ///< ping, find_node, get_peers, announce_peer, get, put
  std::optional<Sha1> target;
};

/// Nothing for what is no query that can be read.
[[nodiscard]] std::optional<KrpcQuery> read_query(ByteView datagram);
/// The nodes that a reply names; none for what is no reply.
[[nodiscard]] std::vector<KrpcNode> read_nodes(ByteView datagram);

struct KrpcReply {
  Sha1 id{};
  std::vector<KrpcNode> nodes;
  std::string token;
  std::vector<Endpoint> peers;
  const SignedItem* item = nullptr;
};
[[nodiscard]] Bytes write_reply(const std::string& transaction, const KrpcReply& reply);
[[nodiscard]] Bytes write_find_node(const std::string& transaction, const Sha1& own,
                                    const Sha1& target);

}  // namespace phase::sim
