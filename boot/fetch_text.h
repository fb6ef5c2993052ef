// boot/fetch_text.h
// What a person sees of a fetch, on a machine's console and of `plasmd fetch`: one line while it goes
// on, and at the end who delivered what, and who was refused for what. Pure.
#pragma once

#include <string>
#include <vector>

#include "boot/acquire.h"

namespace phase::boot {

/// One word: http, given, dht, lan, pex or incoming. A peer known by several is named by the
/// first of these.
[[nodiscard]] const char* how_learned(const dht::PeerAccount& peer);

/// " 42 % of 22.0 MiB, 3.1 MiB/s, 4 s left, 2 sources". At no rate nobody knows how long.
[[nodiscard]] std::string progress_text(const dht::ReleaseStatus& status);

/// Sources with a line each; of the others, who sent least, one line tells the sum.
inline constexpr std::size_t kMaxSourceLines = 16;
/// A line each.
[[nodiscard]] std::vector<std::string> summary_lines(const AcquireReport& report);

}  // namespace phase::boot
