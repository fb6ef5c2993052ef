// sim/hostile/block_harm.h
// What a hostile peer sends where a block is asked for.
#pragma once

#include "sim/hostile/peer_attack.h"
#include "sim/hostile/peer_wire.h"

namespace phase::sim {

/// Answers `request` as the attack's kind does, and counts what was delivered. False once the
/// connection is to end.
bool harm_block(const PeerAttack& attack, const BlockRequest& request, const Victim& victim,
                Chance& chance, Tally& tally);

}  // namespace phase::sim
