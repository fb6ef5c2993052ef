// tests/vm/own_trust.h
// Machines with a trust file of their own, laid over the kit's initramfs as one more cpio.
#pragma once

#include <string>

#include "proto/trust.h"
#include "sim/release_kit.h"

namespace phase::sim {

/// Locked, with the kit's key as release, pointer and root key; `counter` is the root document's.
[[nodiscard]] TrustPolicy locked_to(const ReleaseKit& kit, std::uint64_t counter = 0);

/// The kit with a client initramfs that holds `policy`; it is written to `path`.
[[nodiscard]] ReleaseKit with_trust(const ReleaseKit& kit, const TrustPolicy& policy,
                                    const std::string& path);

}  // namespace phase::sim
