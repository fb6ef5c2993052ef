// tests/bench/bench.h
// Measures beside a named peer in the same run. Each part prints its own table.
#pragma once

#include <string>
#include <vector>

#include "sim/must.h"
#include "sim/shell.h"
#include "tests/bench/report.h"

namespace phase::bench {

using sim::must;

[[nodiscard]] double median(std::vector<double> values);
[[nodiscard]] double largest(const std::vector<double>& values);

/// What each subject gets.
struct Bench {
  sim::Shell& shell;
  std::string scratch;  ///< A folder of the subject's own, empty.
  std::string kernel_package;
  int runs = 5;         ///< How often each figure is taken.
  Report report;
};

/// Discovery from empty node state, and fetch against curl from nginx over one shaped link.
void run_native(Bench& bench);
/// From a DHCP lease to a verified manifest with one node on the link.
void run_lan(Bench& bench);
/// One client from one provider and from four, beside curl and aria2.
void run_transfer(Bench& bench);
/// Many clients at once from one seed, beside one HTTP server.
void run_flash_crowd(Bench& bench);
/// TCP or uTP, on a LAN, on slow lines that lose packets, and beside somebody's TCP.
void run_transports(Bench& bench);
/// Machines on one link behind a slow line: how often a release comes through it.
void run_uplink(Bench& bench);
/// A machine's stages beside the seed's way, and its initramfs.
void run_guest(Bench& bench);
/// The least memory that a machine boots with.
void run_least_memory(Bench& bench);

/// From saved nodes, on a slow network that loses packets, to a verified pointer and a provider.
void run_discovery(Bench& bench);

/// What the next release costs a provider that holds the one before.
void run_change(Bench& bench);

/// The HTTP provider beside nginx: throughput, CPU time and memory.
void run_http(Bench& bench);
/// What thousands of slow clients do to a well-behaved one, at the HTTP provider and at nginx.
void run_slow_clients(Bench& bench);
/// A provider's own memory while 200 peers fetch from it.
void run_memory(Bench& bench);

}  // namespace phase::bench
