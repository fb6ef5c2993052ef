// tests/bench/seed_way.h
// How this project's seed booted: busybox wget from one fixed address, kexec-tools, no check of
// anything. The stages that both ways have are held beside ours.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/process.h"
#include "sim/world.h"

namespace phase::bench {

class SeedWay {
 public:
  /// Packs its initramfs, and serves the release of `kit` from 10.77.3.1. `world` is borrowed.
  SeedWay(sim::World& world, const sim::ReleaseKit& kit, const std::string& folder,
          std::uint64_t memory_mib);

  /// Boots once. Seconds of each stage, in order.
  [[nodiscard]] std::vector<std::pair<std::string, double>> boot();

 private:
  sim::World& world_;
  sim::ReleaseKit kit_;
  std::uint64_t memory_mib_;
  std::unique_ptr<sim::Process> nginx_;
};

}  // namespace phase::bench
