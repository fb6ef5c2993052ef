// What slow clients do to others: slowhttptest holds 5,000 connections from twenty addresses, by slow
// headers, slow reading and ranges, while a well-behaved client on its own address opens a connection
// for each request. Its p99 with and without them, at plasmd and at nginx in one run.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>

#include "tests/bench/bench.h"
#include "tests/bench/web_pair.h"

namespace phase::bench {
namespace {

constexpr int kAttackers = 20;
constexpr int kHeldEach = 250;
constexpr int kOwnAddress = 40;  ///< Of the well-behaved client.
constexpr int kSeconds = 3;
/// What slowhttptest takes of the clients' core is not the matter: even of the lowest nice value, twenty
/// of them had a quarter of it, in slices of 3 ms, and p99 was that of a client that waits for its own
/// core while the server is idle (the waits in /proc/PID/schedstat). These have what nobody wants.
const std::vector<std::string> kBehindOthers = {"chrt", "--idle", "0"};

struct Attack {
  const char* name;
  std::vector<std::string> flags;
};

const std::vector<Attack>& attacks() {
  static const std::vector<Attack> all = {
      {"slow headers", {"-H", "-i", "5", "-x", "24"}},
      {"slow read", {"-X", "-w", "256", "-y", "512", "-n", "5", "-z", "32", "-k", "3"}},
      {"ranges", {"-R", "-t", "HEAD", "-a", "10", "-b", "3000"}},
  };
  return all;
}

/// A new connection for each request; in the end, the 99th percentile in microseconds.
void write_script(const std::string& path) {
  std::ofstream(path) << R"(
wrk.headers["Connection"] = "close"
function done(summary, latency, requests)
  local bad = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status
                + summary.errors.timeout
  io.write(string.format("figures %d %d %d\n", latency:percentile(99), summary.requests, bad))
end
)";
}

struct Seen {
  std::vector<double> p99_ms;
  double failed = 0, held = 0, peak_mib = 0, own_mib = 0;
};

/// Established connections at the server's port, as its kernel counts them.
double held_at(Bench& bench, const WebPair& pair, const WebPair::Server& server) {
  const std::string said =
      must(bench.shell.run(pair.host().name, {"ss", "-Htn", "state", "established", "sport", "=",
                                              ":" + std::to_string(server.port)}));
  return static_cast<double>(std::count(said.begin(), said.end(), '\n'));
}

void ask(Bench& bench, const WebPair& pair, const WebPair::Server& server, Seen& seen) {
  const std::string said = must(bench.shell.run(
      pair.host().name,
      pair.client({"wrk", "--script", bench.scratch + "/slow.lua", "--threads", "1",
                   "--connections", "2", "--duration", std::to_string(kSeconds) + "s",
                   server.url(kOwnAddress, WebPair::kSmallPath)})));
  std::istringstream figures(said.substr(std::min(said.find("figures "), said.size())));
  std::string word;
  double p99 = 0, requests = 0, bad = 0;
  figures >> word >> p99 >> requests >> bad;
  check(word == "figures", "wrk says what it saw");
  // Nobody was answered: that is no percentile, but at least as long as it was waited for.
  seen.p99_ms.push_back(requests > 0 ? p99 / 1000 : kSeconds * 1000.0);
  seen.failed += requests > 0 ? bad : 1;
}

std::vector<std::unique_ptr<sim::Process>> attack(Bench& bench, const WebPair& pair,
                                                  const WebPair::Server& server,
                                                  const Attack& attack) {
  std::vector<std::unique_ptr<sim::Process>> all;
  for (int i = 1; i <= kAttackers; ++i) {
    std::vector<std::string> argv = kBehindOthers;
    argv.insert(argv.end(), {"slowhttptest", "-u", server.url(i, WebPair::kLargePath), "-c",
                             std::to_string(kHeldEach), "-r", "100", "-l", "120", "-p", "60"});
    argv.insert(argv.end(), attack.flags.begin(), attack.flags.end());
    all.push_back(must(bench.shell.start(pair.host().name, pair.client(argv))));
  }
  return all;
}

/// Until they hold all, or have ended: a server that answers and closes leaves them nothing to hold.
double await_held(Bench& bench, const WebPair& pair, const WebPair::Server& server,
                  const std::vector<std::unique_ptr<sim::Process>>& attackers) {
  double most = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(15);
  const auto running = [](const auto& process) { return process->running(); };
  while (most < kAttackers * kHeldEach && std::chrono::steady_clock::now() < end &&
         std::any_of(attackers.begin(), attackers.end(), running))
    most = std::max(most, held_at(bench, pair, server));
  return most;
}

}  // namespace

void run_slow_clients(Bench& bench) {
  WebPair pair(bench);
  write_script(bench.scratch + "/slow.lua");
  Table table{"slow-clients",
              "5,000 connections of slowhttptest from 20 addresses; p99 of another client, ms",
              {"attack", "server", "p99 before", "p99 during", "ratio", "most held", "failed",
               "peak MiB", "own MiB"},
              {}};
  for (const Attack& one : attacks()) {
    pair.restart();
    for (const auto& server : pair.servers()) {
      Seen before, during;
      for (int i = 0; i < bench.runs; ++i) ask(bench, pair, server, before);
      const auto attackers = attack(bench, pair, server, one);
      during.held = await_held(bench, pair, server, attackers);
      check(during.held > 0, "the attack was delivered");
      for (int i = 0; i < bench.runs; ++i) ask(bench, pair, server, during);
      table.rows.push_back({std::string(one.name), server.name, Figure{median(before.p99_ms), 2},
                            Figure{median(during.p99_ms), 2},
                            Figure{median(during.p99_ms) / median(before.p99_ms), 2},
                            Figure{during.held, 0}, Figure{during.failed, 0},
                            Figure{server.peak_mib(), 1}, Figure{server.own_mib(), 1}});
    }
  }
  bench.report.add(table);
}

}  // namespace phase::bench
