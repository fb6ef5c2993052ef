#include "sim/hostile/dht_attack.h"

#include <algorithm>
#include <set>

namespace phase::sim {
namespace {

constexpr std::size_t kNodesNamed = 8;    // A bucket (BEP 5).
constexpr std::size_t kPeersNamed = 100;  // What fits into a datagram on an Ethernet link.
constexpr std::int64_t kSeqAhead = 1'000'000;
constexpr std::uint64_t kVersionsAhead = 1000;

Sha1 distance(const Sha1& a, const Sha1& b) {
  Sha1 out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = a[i] ^ b[i];
  return out;
}

}  // namespace

DhtCrowd::DhtCrowd(DhtAttack attack, const Endpoint& first)
    : attack_(std::move(attack)), chance_(attack_.rng_seed) {
  Endpoint at = first;
  for (const Sha1& target : attack_.targets) {
    for (int i = 0; i < attack_.per_target; ++i) {
      // 18 of 20 bytes in common: nearer than any node whose id is drawn at random.
      Sha1 id = target;
      id[18] ^= static_cast<std::uint8_t>(1 + i);
      id[19] = static_cast<std::uint8_t>(chance_.below(256));
      nodes_.push_back({id, at});
      ++at.port;
    }
  }
}

std::vector<KrpcNode> DhtCrowd::nearest(const Sha1& target) const {
  auto out = nodes_;
  std::sort(out.begin(), out.end(), [&](const KrpcNode& a, const KrpcNode& b) {
    return distance(a.id, target) < distance(b.id, target);
  });
  if (out.size() > kNodesNamed) out.resize(kNodesNamed);
  return out;
}

const SignedItem* DhtCrowd::item_for(const Sha1& target, std::string& harm) {
  std::vector<const SignedItem*> old;
  for (const auto& item : attack_.replayed) {
    if (item.target() == target) old.push_back(&item);
  }
  if (old.empty()) return nullptr;
  // Each in its turn, and in the next round each one forged, so that few answers show all of them.
  const std::size_t turn = turns_[target]++;
  const SignedItem& shown = *old[turn % old.size()];
  auto pointer = decode_pointer(shown.value);
  if (!attack_.forge || turn / old.size() % 2 == 0) {
    harm = "replay-" + (pointer ? std::to_string(pointer->release_version) : std::string("unread"));
    return &shown;
  }
  // The same content said to be newer, or a newer release under the old signature.
  harm = "forge";
  forged_ = shown;
  if (chance_.one_in(2)) {
    forged_.seq += kSeqAhead;
  } else if (pointer) {
    pointer->release_version += kVersionsAhead;
    forged_.value = encode_pointer(*pointer);
  } else {
    forged_.signature[0] ^= 1;
  }
  return &forged_;
}

Bytes DhtCrowd::answer(std::size_t index, ByteView datagram, std::string& harm) {
  const auto query = read_query(datagram);
  if (!query) return {};
  KrpcReply reply;
  reply.id = nodes_[index].id;
  if (!query->target) {
    // A token was given for it before; what is put or announced goes nowhere.
    if (query->verb == "put" || query->verb == "announce_peer") harm = "dropped-" + query->verb;
    return write_reply(query->transaction, reply);
  }
  reply.nodes = nearest(*query->target);
  if (query->verb == "announce_peer") harm = "dropped-announce_peer";
  if (query->verb == "get") {
    reply.token = "none";
    reply.item = item_for(*query->target, harm);
  }
  if (query->verb == "get_peers") {
    reply.token = "none";
    for (std::size_t i = 0; i < kPeersNamed && !attack_.bogus_peers.empty(); ++i) {
      reply.peers.push_back(attack_.bogus_peers[chance_.below(attack_.bogus_peers.size())]);
    }
    if (!reply.peers.empty()) harm = "bogus-peers";
  }
  return write_reply(query->transaction, reply);
}

std::vector<Endpoint> make_bogus_peers(const Endpoint& network, std::size_t count,
                                       std::uint64_t rng_seed) {
  Chance chance(rng_seed);
  std::set<Endpoint> out;
  while (out.size() < count) {
    Endpoint one = network;
    one.address[2] = static_cast<std::uint8_t>(chance.below(256));
    one.address[3] = static_cast<std::uint8_t>(1 + chance.below(254));
    one.port = static_cast<std::uint16_t>(1024 + chance.below(60'000));
    out.insert(one);
  }
  return {out.begin(), out.end()};
}

}  // namespace phase::sim
