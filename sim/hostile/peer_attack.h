// sim/hostile/peer_attack.h
// One connection of a hostile BitTorrent peer (BEP 3, 6, 9, 10, 52): it speaks well enough to be
// asked for blocks, and answers as its kind does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/hostile/release_copy.h"
#include "sim/hostile/tally.h"
#include "sim/hostile/victim.h"

namespace phase::sim {

enum class PeerKind : std::uint8_t {
  kCorrupt,      ///< Each block with a byte changed.
  kTruncate,     ///< Half of a block, then the connection ends.
  kLieLength,    ///< Blocks, messages and info dictionaries of another length than they say.
  kStall,        ///< One byte a second.
  kNeverEnd,     ///< Messages and streams without an end.
  kSwap,         ///< An older release's bytes under this one's name.
  kReplay,       ///< An older release altogether, info dictionary too.
  kForgeHashes,  ///< Changed blocks, and BEP 52 hashes drawn at random that would excuse them.
  kMute,         ///< Takes the connection and says nothing.
  kGarbage,      ///< Bytes drawn at random.
  // Have nothing, and name others who should have it (pex_attack.h):
  kPexNowhere,   ///< Addresses where nobody is.
  kPexFlood,     ///< The same, ten thousand at a time.
  kPexBystander, ///< Each port of somebody who is no peer.
  kPexAgain,     ///< The same, over connections of its own, one after the other.
  kPexGarbage,   ///< What is no such message.
};
[[nodiscard]] const std::vector<std::string>& peer_kind_names();
[[nodiscard]] std::optional<PeerKind> parse_peer_kind(const std::string& name);

struct PeerAttack {
  PeerKind kind = PeerKind::kCorrupt;
  ReleaseCopy release;                ///< That the victim asks for.
  std::optional<ReleaseCopy> other;   ///< The older one: kSwap and kReplay have it always.
  std::string spare;                  ///< This file is served as it is, so that more is asked for.
  std::uint64_t rng_seed = 1;
  Endpoint bystander{};               ///< Who is named: kPexBystander and kPexAgain.

  /// What it is counted under: the kind, and for an older release its version: replay-3.
  [[nodiscard]] std::string tally_name() const;
};

/// Until the victim or the attack ends the connection.
void attack_as_peer(const PeerAttack& attack, const Victim& victim, Tally& tally);

}  // namespace phase::sim
