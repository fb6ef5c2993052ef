// tests/bench/bench.h
// Measures beside a named peer in the same run. Each part prints its own table.
#pragma once

#include <string>
#include <vector>

#include "sim/must.h"
#include "sim/shell.h"

namespace phase::bench {

using sim::must;

[[nodiscard]] double median(std::vector<double> values);
[[nodiscard]] double largest(const std::vector<double>& values);

/// Discovery from empty node state, and fetch against curl from nginx over one shaped link.
void run_native(sim::Shell& shell, const std::string& scratch, int runs);
/// From a DHCP lease to a verified manifest with one node on the link.
void run_lan(sim::Shell& shell, const std::string& scratch, int runs);
/// A machine's stages beside the seed's way, its initramfs, and the least memory it boots with.
void run_guest(sim::Shell& shell, const std::string& scratch, const std::string& kernel_package,
               int runs, bool least_memory);

}  // namespace phase::bench
