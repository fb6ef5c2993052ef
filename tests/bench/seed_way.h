// tests/bench/seed_way.h
// How this project's seed booted: busybox wget from one fixed address, kexec-tools, no check of
// anything. The stages that both ways have are held beside ours.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sim/world.h"

namespace phase::bench {

/// Seconds of each stage, in order. `kit` is what is booted; the files come from 10.77.3.1.
[[nodiscard]] std::vector<std::pair<std::string, double>> boot_seed_way(sim::World& world,
                                                                        const sim::ReleaseKit& kit,
                                                                        const std::string& folder,
                                                                        std::uint64_t memory_mib);

}  // namespace phase::bench
