// The HTTP provider beside nginx: throughput and CPU time of small and large files, to few clients and
// to many, and what both take of memory. wrk asks, over loopback.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>

#include "tests/bench/bench.h"
#include "tests/bench/web_pair.h"

namespace phase::bench {
namespace {

constexpr int kSeconds = 3;
constexpr int kPerAddress = 64;

/// Each of wrk's threads asks at an address of its own, and says in the end what it saw.
void write_script(const std::string& path) {
  std::ofstream(path) << R"(
local threads = 0
function setup(thread)
  threads = threads + 1
  for _, address in ipairs(wrk.lookup("127.0.0." .. threads, wrk.port)) do
    thread.addr = address
    break
  end
end
function done(summary, latency, requests)
  local bad = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status
  io.write(string.format("figures %d %d %d %d\n", summary.requests, summary.bytes, summary.duration, bad))
end
)";
}

struct Sample {
  double requests = 0, mib = 0, cpu = 0;  ///< A second of the run.
};

Sample measure(Bench& bench, const WebPair& pair, const WebPair::Server& server, int connections,
               const std::string& path) {
  const int threads = std::max(1, connections / kPerAddress);
  const double before = server.cpu_seconds();
  const std::string said = must(bench.shell.run(
      pair.host().name,
      pair.client({"wrk", "--script", bench.scratch + "/wrk.lua", "--threads",
                   std::to_string(threads), "--connections", std::to_string(connections),
                   "--duration", std::to_string(kSeconds) + "s", "--timeout", "60s",
                   server.url(1, path)})));
  const double cpu = server.cpu_seconds() - before;
  std::istringstream figures(said.substr(std::min(said.find("figures "), said.size())));
  std::string word;
  double requests = 0, bytes = 0, microseconds = 0, errors = 0;
  figures >> word >> requests >> bytes >> microseconds >> errors;
  check(microseconds > 0 && bytes > 0, "wrk says what it saw");
  check(errors == 0, "every request is answered");
  const double seconds = microseconds / 1e6;
  return {requests / seconds, bytes / seconds / (1 << 20), cpu / seconds};
}

struct Samples {
  std::vector<double> rate, cpu_each;
};

/// Small files count by requests, large ones by bytes: not one of them may end within a run.
void add_row(Table& table, int connections, bool small, std::map<std::string, Samples>& seen) {
  const double ours = median(seen["plasmd"].rate), theirs = median(seen["nginx"].rate);
  table.rows.push_back({Figure{static_cast<double>(connections), 0},
                        std::string(small ? "4 KiB, requests/s" : "64 MiB, MiB/s"),
                        Figure{ours, 0}, Figure{theirs, 0}, Figure{ours / theirs, 2},
                        Figure{median(seen["plasmd"].cpu_each), 1},
                        Figure{median(seen["nginx"].cpu_each), 1}});
}

}  // namespace

void run_http(Bench& bench) {
  WebPair pair(bench);
  write_script(bench.scratch + "/wrk.lua");
  Table speed{"http", "HTTP over loopback, two threads on one core each; wrk on another core",
              {"connections", "file, unit", "plasmd", "nginx", "ratio",
               "plasmd CPU us a request or ms a 100 MiB", "nginx CPU"},
              {}};
  Table memory{"http-memory", "Memory of both after it, MiB (nginx: one of two workers)",
               {"connections", "plasmd peak", "plasmd own", "nginx peak", "nginx own"},
               {}};
  for (const int connections : {1, 64, 512}) {
    pair.restart();
    for (const bool small : {true, false}) {
      std::map<std::string, Samples> seen;
      for (int i = 0; i < bench.runs; ++i) {
        for (const auto& server : pair.servers()) {
          const auto sample = measure(bench, pair, server, connections,
                                      small ? WebPair::kSmallPath : WebPair::kLargePath);
          auto& samples = seen[server.name];
          samples.rate.push_back(small ? sample.requests : sample.mib);
          samples.cpu_each.push_back(small ? sample.cpu / sample.requests * 1e6
                                           : sample.cpu / sample.mib * 1e5);
        }
      }
      add_row(speed, connections, small, seen);
    }
    const auto& servers = pair.servers();
    memory.rows.push_back({Figure{static_cast<double>(connections), 0},
                           Figure{servers[0].peak_mib(), 1}, Figure{servers[0].own_mib(), 1},
                           Figure{servers[1].peak_mib(), 1}, Figure{servers[1].own_mib(), 1}});
  }
  bench.report.add(speed);
  bench.report.add(memory);
}

}  // namespace phase::bench
