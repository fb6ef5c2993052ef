// sim/hostile/pex_attack.h
// A peer that has nothing of a release, and names others who should (BEP 11, ut_pex).
#pragma once

#include <string>

#include "sim/hostile/peer_attack.h"

namespace phase::sim {

[[nodiscard]] bool is_pex_kind(PeerKind kind);

/// The body of the `number`th ut_pex message, from 0 on. Pure.
[[nodiscard]] std::string pex_lie(PeerKind kind, const Endpoint& bystander, std::uint64_t number,
                                  Chance& chance);

/// Until the victim or the attack ends the connection.
void attack_by_pex(const PeerAttack& attack, const Victim& victim, Tally& tally);

}  // namespace phase::sim
