// sim/model/scenario.h
// What is asked of the model, and what it answers.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/model/measured.h"

namespace phase::sim::model {

struct Scenario {
  std::uint32_t clients = 16;
  std::uint32_t providers = 1;      ///< At the beginning.
  std::uint32_t named = 1;          ///< Of them, in the pointer (value `e`).
  std::uint64_t image_bytes = 16 << 20;
  double down_bits = 10e6;          ///< Of each client, a second.
  double up_bits = 10e6;
  double provider_bits = 10e6;      ///< Up, of those at the beginning.
  double spread_s = 0;              ///< Machines are switched on evenly within that time.
  double rtt_s = 0;                 ///< Between any two.
  std::uint32_t dht_nodes = 1000;
  double node_share = 0;            ///< Of those that have booted, which go on as providers.
  double longest_s = 86'400;        ///< Ends the run.
  std::uint64_t rng_seed = 1;
};

/// One moment of a run.
struct Moment {
  double at_s = 0;
  double asking = 0;    ///< On, without a pointer or a provider's name.
  double knocking = 0;  ///< Every provider that is known is full.
  double fetching = 0;
  double done = 0;
  double providers = 0;
  double connections = 0;      ///< With one of the first providers, on average.
  double provider_bps = 0;     ///< Bits a second that leave one of the first providers.
  double holder_in_bps = 0;    ///< Bits a second that reach one DHT node which holds the pointer.
  double holder_answers = 0;   ///< Share of what it is asked that it answers.
};

struct Outcome {
  std::uint32_t done = 0;
  double first_s = 0, median_s = 0, p95_s = 0, last_s = 0;  ///< Fetched, since the first power on.
  double mean_own_s = 0;           ///< Of a client's own time, from its power on.
  double provider_bytes = 0;       ///< Pieces from the first providers, sent in full.
  double peer_bytes = 0;           ///< Pieces from everybody else.
  double metadata_bytes = 0;
  double received_bytes = 0;       ///< Pieces, by all clients.
  double most_connections = 0;     ///< With one provider.
  double dht_bytes_per_client = 0; ///< Asked and answered.
  double holder_peak_bps = 0;      ///< Towards one node that holds the pointer.
  double other_node_peak_bps = 0;  ///< Towards one node of the rest, on average.
  std::vector<double> completions; ///< Seconds, rising.
  std::vector<Moment> moments;
};

/// Of `clients` equal lines, all on at once: what `run` measured.
[[nodiscard]] inline Scenario scenario_of(const MeasuredRun& run, std::uint64_t rng_seed = 1) {
  Scenario out;
  out.clients = run.clients;
  out.providers = run.providers;
  out.named = 0;
  out.image_bytes = run.image_bytes;
  out.down_bits = out.up_bits = out.provider_bits = static_cast<double>(run.line_bits);
  out.dht_nodes = run.dht_nodes;
  out.rng_seed = rng_seed;
  return out;
}

/// BitTorrent's pieces of a release (dht/torrent_rules.h: 64 KiB, and at most 512 of a file).
struct Pieces {
  double bytes = 0;         ///< Of one.
  std::uint32_t count = 0;
};
[[nodiscard]] inline Pieces pieces_of(std::uint64_t image_bytes) {
  std::uint64_t bytes = 64 << 10;
  while (image_bytes / bytes + 1 > 512) bytes *= 2;
  const auto count = static_cast<std::uint32_t>((image_bytes + bytes - 1) / bytes);
  return {static_cast<double>(image_bytes) / count, count};
}

}  // namespace phase::sim::model
