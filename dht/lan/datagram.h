// dht/lan/datagram.h
// Which datagrams libavahi-core gets to see. Aliases (CNAME, DNAME) have no place in DNS-SD, and
// in Avahi 0.8 one of them ends a process that browses (CVE-2025-68468) or follows itself until
// the stack is full (CVE-2026-24401). Pure.
#pragma once

#include <cstdint>

#include "proto/bytes.h"

namespace phase::dht::lan {

inline constexpr std::size_t kMaxDatagram = 9000;  ///< RFC 6762 17.

enum class Verdict : std::uint8_t { kPass, kMalformed, kTooLarge, kAlias };

/// `untrusted`: the whole datagram, or its first kMaxDatagram + 1 bytes.
[[nodiscard]] Verdict judge_datagram(ByteView untrusted);

}  // namespace phase::dht::lan
