// sim/model/measured.h
// A measured run of a crowd: what was started and what came of it. Read to fit the model
// and to judge what it predicts. Format: docs/MODEL.md.
#pragma once

#include <string>
#include <vector>

#include "proto/result.h"

namespace phase::sim::model {

struct MeasuredRun {
  std::string name;           ///< [a-z0-9-], at most 60.
  std::string origin;         ///< Command, date, machine.
  std::uint32_t clients = 0;
  std::uint32_t providers = 0;
  std::uint64_t image_bytes = 0;
  std::uint64_t line_bits = 0;    ///< Each way, of everybody.
  std::uint32_t dht_nodes = 0;
  double last_s = 0;              ///< From the start until the last one had everything.
  double provider_bytes = 0;      ///< Pieces that left the providers.
  double cpu_share = 0;           ///< Of all cores, 0 to 1.
  std::vector<double> completions;  ///< Seconds, rising; may be empty: only the last is known.

  /// Above it a run says more of the machine than of the swarm.
  static constexpr double kMostCpu = 0.7;
  [[nodiscard]] bool valid() const { return cpu_share <= kMostCpu; }
  bool operator==(const MeasuredRun&) const = default;
};

inline constexpr std::uint32_t kMaxMeasuredClients = 100'000;

/// kMalformed names the field.
[[nodiscard]] Result<MeasuredRun> parse_measured(const std::string& untrusted);
[[nodiscard]] std::string measured_text(const MeasuredRun& run);

}  // namespace phase::sim::model
