// sim/hostile/dht_attack.h
// A crowd of hostile DHT nodes that sit on the ids nearest to some targets: what they answer. Pure:
// the owner moves datagrams.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/hostile/krpc.h"
#include "sim/hostile/tally.h"

namespace phase::sim {

struct DhtAttack {
  std::vector<Sha1> targets{};          ///< Keys of items, or infohashes.
  int per_target = 7;                   ///< Nodes that share all but the last bits with each.
  std::vector<SignedItem> replayed{};   ///< Old pointers', correctly signed: all are shown in turn.
  bool forge = false;                   ///< Newer ones too, which their key never signed.
  std::vector<Endpoint> bogus_peers{};  ///< Named as providers of whatever is asked for.
  std::uint64_t rng_seed = 1;
};

class DhtCrowd {
 public:
  /// Node i lives at `first`'s address, its port i above.
  DhtCrowd(DhtAttack attack, const Endpoint& first);

  [[nodiscard]] const std::vector<KrpcNode>& nodes() const { return nodes_; }
  /// The answer of node `index`, empty for silence. `harm` names the attack that it carries.
  [[nodiscard]] Bytes answer(std::size_t index, ByteView datagram, std::string& harm);

 private:
  [[nodiscard]] std::vector<KrpcNode> nearest(const Sha1& target) const;
  /// `harm`: replay-<version> or forge.
  const SignedItem* item_for(const Sha1& target, std::string& harm);

  DhtAttack attack_;
  Chance chance_;
  std::vector<KrpcNode> nodes_;
  std::map<Sha1, std::size_t> turns_;
  SignedItem forged_;
};

/// `count` addresses with ports within `network`/16, each once.
[[nodiscard]] std::vector<Endpoint> make_bogus_peers(const Endpoint& network, std::size_t count,
                                                     std::uint64_t rng_seed);

}  // namespace phase::sim
