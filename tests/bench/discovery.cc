// From no state but saved nodes to a verified pointer, and on to a provider, on a network that is slow
// and loses packets: our sessions, and libtorrent's own lookups beside them, one client after the
// other in turn. A client is a session of its own in this process, opened after the clock began;
// the start of a process (some 20 ms) is not in the figures.
#include <algorithm>
#include <cmath>

#include "tests/bench/bench.h"
#include "tests/bench/discovery_peer.h"
#include "tests/integration/far_dht.h"

namespace phase::bench {
namespace {

constexpr std::chrono::seconds kPatience{20};

struct Column {
  std::vector<double> found;
  int failed = 0;
  void add(const std::optional<double>& seconds) {
    if (seconds) found.push_back(*seconds);
    failed += seconds ? 0 : 1;
  }
  /// The least time within which `share` of the clients that found anything were done.
  [[nodiscard]] double within(double share) const {
    if (found.empty()) return std::nan("");
    auto sorted = found;
    std::sort(sorted.begin(), sorted.end());
    const auto rank = std::ceil(share * static_cast<double>(sorted.size()));
    return sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
  }
};

struct Way {
  Column pointer, provider, between;
  void add(const FarFound& found) {
    pointer.add(found.pointer);
    provider.add(found.provider);
    if (found.provider) between.add(*found.provider - *found.pointer);
  }
};

void add_rows(Table& table, const std::string& network, const std::string& who, const Way& way) {
  const auto row = [&](const char* what, const Column& column) {
    table.rows.push_back({network, who, what, Figure{column.within(0.5)}, Figure{column.within(0.95)},
                          Figure{column.within(1)}, Figure{static_cast<double>(column.failed), 0}});
  };
  row("pointer", way.pointer);
  row("first provider", way.provider);
  row("from pointer to provider", way.between);
}

void measure(Bench& bench, Table& table, Plot& plot, const std::string& network,
             const FarDhtChoice& choice) {
  const FarDht world(bench.shell, choice);
  Way ours, libtorrents;
  for (int run = 1; run <= bench.runs; ++run) {
    ours.add(world.look(kPatience));
    libtorrents.add(look_by_libtorrent(world, run, kPatience));
  }
  for (const auto& [who, way] : {std::pair{"ours", &ours}, std::pair{"libtorrent", &libtorrents}}) {
    add_rows(table, network, who, *way);
    Series series{network + ", " + who, {}};
    for (int percent = 1; percent <= 100; ++percent) {
      series.points.emplace_back(way->pointer.within(percent / 100.0), percent);
    }
    plot.series.push_back(std::move(series));
  }
}

}  // namespace

void run_discovery(Bench& bench) {
  Table table{"discovery",
              "Empty state to verified pointer: 50 ms round trip, 10 % loss each way, 5 of 16 saved "
              "nodes dead, bootstraps down; " + std::to_string(bench.runs) + " clients each",
              {"network", "lookups", "until", "p50 s", "p95 s", "most s", "failed"},
              {}};
  Plot plot{"discovery-pointer", "Empty state to verified pointer", "seconds", "% of clients", {},
            false};
  measure(bench, table, plot, "100 nodes", {.nodes = 100});
  measure(bench, table, plot, "1000 nodes", {.nodes = 1000});
  measure(bench, table, plot, "300 nodes, 100 of them silent", {.nodes = 300, .nodes_silent = 100});
  bench.report.add(table);
  bench.report.add(plot);
}

}  // namespace phase::bench
