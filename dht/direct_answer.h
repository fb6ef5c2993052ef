// dht/direct_answer.h
// A node's answer to get (BEP 44) or get_peers (BEP 5), decoded. Untrusted: what it says is within
// the limits below, and nothing else is known of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dht/node_id.h"
#include "proto/bytes.h"
#include "proto/pointer.h"
#include "proto/result.h"

namespace phase::dht {

inline constexpr std::size_t kMaxAnswerBytes = 8 * 1024;
/// Each node that answers has the same say, however many nodes and peers it names: a few that name
/// thousands which do not exist would else be all that is asked and connected to. An honest node's
/// choice of peers is random.
inline constexpr std::size_t kMaxNodesOfOneAnswer = 16;
inline constexpr std::size_t kMaxPeersOfOneAnswer = 16;
/// It is sent back as it is. libtorrent's has 4 bytes, others' up to 20.
inline constexpr std::size_t kMaxTokenBytes = 64;

struct DirectAnswer {
  Sha1 id{};
  std::vector<DhtContact> nodes;    ///< `nodes` and `nodes6`, the first ones.
  std::vector<Endpoint> peers;      ///< `values`, the first ones; none at port 0.
  std::optional<SignedItem> item;   ///< Its salt is not in an answer. Not verified.
  std::string token;                ///< What an announce has to hold; empty: none.
};

/// kMalformed where it is no answer: an error message, no id, or no bencoding at all. What else is
/// wrong in it counts as not said.
[[nodiscard]] Result<DirectAnswer> decode_answer(ByteView untrusted);

}  // namespace phase::dht
