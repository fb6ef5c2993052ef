// boot/init/net_report.h
// What the acquire pipeline saw, as a boot report and as a progress line. Pure.
#pragma once

#include <string>

#include "boot/acquire.h"
#include "boot/init/report.h"

namespace phase::boot {

/// One word: http, given, dht, lan, pex or incoming. A peer known by several is named by the
/// first of these.
[[nodiscard]] const char* how_learned(const dht::PeerAccount& peer);

[[nodiscard]] BootReport report_of(const AcquireReport& report);

/// "42 % of 22 MiB, 3.1 MiB/s, 4 s left, 2 peers".
[[nodiscard]] std::string progress_text(const dht::ReleaseStatus& status);

}  // namespace phase::boot
