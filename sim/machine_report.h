// sim/machine_report.h
// Reads the "PHASE-REPORT {json}" lines of a machine's console (format page: docs/HANDOVER.md), as
// a person with a serial cable would: independent of the code that wrote them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace phase::sim {

struct ReportedSource {
  std::string peer;          ///< ADDRESS:PORT or URL.
  std::uint64_t bytes = 0;
  std::string how;           ///< dht: learned by get_peers.
  std::uint32_t bad_pieces = 0;
  bool banned = false;
};

struct MachineReport {
  std::string stage;         ///< "boot": about to jump; "up": the booted system; "failed".
  bool ok = false;
  std::uint64_t version = 0;
  std::string key;           ///< Hex.
  std::string channel, arch;
  std::vector<std::pair<std::string, double>> stages;  ///< Name, seconds; in order.
  std::vector<ReportedSource> sources;
  std::vector<std::string> refusals;
  std::string path;         ///< Who named the release.
  std::string error, detail; ///< Of "failed".
};

/// None where the line holds no report or one that cannot be read.
[[nodiscard]] std::optional<MachineReport> parse_machine_report(std::string_view console_line);

}  // namespace phase::sim
