// Flash crowd: one seed, N clients switched on at once, every line equally fast in both directions.
// Beside it: each client asks nginx on the seed's line for the same file. Then the same with clients
// that come one after the other, and with two seeds.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "sim/world.h"
#include "tests/bench/bench.h"
#include "tests/bench/cpu_time.h"
#include "tests/bench/small_release.h"
#include "tests/bench/web_server.h"

namespace phase::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kLineBits = 10'000'000;
constexpr std::size_t kPayload = 16 << 20;
constexpr int kCounts[] = {1, 8, 16, 32};
/// More would take minutes to show what N times F over the line says.
constexpr int kMostByHttp = 8;
/// How many come one after the other, and take from two seeds.
constexpr int kOthers = 16;
constexpr milliseconds kApart{500};
/// Above it a run says more of this machine than of the swarm.
constexpr double kMostCpu = 0.7;

struct Crowd {
  double last = 0;  ///< Seconds until the last one had everything; if they came apart, the longest's.
  double cpu = 0;   ///< Share of all cores.
  std::vector<std::unique_ptr<sim::Process>> ended;
};

/// The report that ends what `plasmd fetch --json` printed.
nlohmann::json report_of(const sim::Process& fetch) {
  std::string said;
  for (const std::string& line : fetch.lines_matching("")) said += line + "\n";
  const auto begin = said.find("{\n");
  return nlohmann::json::parse(begin == std::string::npos ? said : said.substr(begin));
}

/// How often the payload left the seed.
double copies_sent(const Crowd& crowd, const std::string& seed) {
  double bytes = 0;
  for (const auto& fetch : crowd.ended) {
    const auto report = report_of(*fetch);
    for (const auto& source : report.at("sources")) {
      const std::string peer = source.at("peer");
      if (peer.starts_with(seed + ":")) bytes += source.at("bytes").get<double>();
    }
  }
  return bytes / static_cast<double>(kPayload);
}

/// What a client itself says that it took.
double own_seconds(const sim::Process& fetch) {
  double seconds = 0;
  const auto report = report_of(fetch);
  for (const auto& stage : report.at("stages")) seconds += stage.at("seconds").get<double>();
  return seconds;
}

/// Starts `argv_of(i)` on each of the first `count` clients, at once or `apart`, and waits for them all.
template <class ArgvOf>
Crowd run_crowd(sim::Shell& shell, int count, const ArgvOf& argv_of, milliseconds apart = {}) {
  const CpuTime before = cpu_time();
  const auto began = Clock::now();
  std::vector<std::unique_ptr<sim::Process>> running;
  for (int i = 0; i < count; ++i) {
    std::this_thread::sleep_until(began + i * apart);
    running.push_back(must(shell.start("client" + std::to_string(i), argv_of(i))));
  }
  for (auto& process : running) must(shell.await_end(*process, "the crowd", minutes(10)));
  const CpuTime after = cpu_time();
  double last = std::chrono::duration<double>(Clock::now() - began).count();
  if (apart > milliseconds(0)) {
    last = 0;
    for (const auto& process : running) last = std::max(last, own_seconds(*process));
  }
  return {last,
          (after.busy - before.busy) / (after.all - before.all), std::move(running)};
}

std::string text_of(double value) {
  char out[32];
  std::snprintf(out, sizeof out, "%.2f", value);
  return out;
}

/// No distribution of `kPayload` bytes is over sooner (Kumar and Ross 2006), with equal lines.
double fluid_bound() { return static_cast<double>(kPayload) * 8 / static_cast<double>(kLineBits); }

std::vector<Cell> row_of(const std::string& how, int count, std::vector<Crowd>& runs,
                         const std::string& copies) {
  const Crowd& middle = runs[runs.size() / 2];
  return {how,
          Figure{static_cast<double>(count), 0},
          Figure{middle.last, 1},
          Figure{runs.back().last, 1},
          Figure{middle.last / fluid_bound(), 2},
          copies,
          Figure{middle.cpu * 100, 0},
          middle.cpu > kMostCpu ? "void" : ""};
}

}  // namespace

void run_flash_crowd(Bench& bench) {
  const std::string& folder = bench.scratch;
  auto world = must(sim::World::create(bench.shell, folder));
  const sim::ReleaseKit kit = make_small_release(bench.shell, folder, kPayload);
  const std::uint64_t version = must(world->publish(kit));
  // The seed stands behind the same line as everybody: a follower, and the publisher goes.
  must(world->start_publisher());
  must(world->start_follower(kit.public_key, {kLineBits}));
  must(world->await_followers(version));
  must(world->stop_publisher());
  const auto nginx = start_nginx(*world, "provider1", world->provider_address(0), folder);
  const int most = *std::max_element(std::begin(kCounts), std::end(kCounts));
  for (int i = 0; i < most; ++i) {
    must(world->network().add_host("client" + std::to_string(i),
                                   "10.77.8." + std::to_string(i + 1), {kLineBits}));
  }
  must(world->network().introduce_hosts());
  const std::string out = folder + "/out";
  const auto fetch = [&](int i) {
    std::vector<std::string> argv = {"plasmd", "fetch", "--trust", kit.public_key, "--no-lan",
                                     "--out", out + "/" + std::to_string(i), "--json"};
    for (const auto& node : world->bootstrap()) {
      argv.insert(argv.end(), {"--bootstrap", node});
    }
    return argv;
  };
  const auto curl = [&](int i) -> std::vector<std::string> {
    return {"curl", "--silent", "--fail", "--output", out + "/" + std::to_string(i),
            "http://" + world->provider_address(0) + ":8088/initramfs"};
  };
  Table table{"flash-crowd",
              "Flash crowd, one seed, 16 MiB, every line 10 Mbit/s each way, all started at once",
              {"how", "clients", "last, median s", "worst s", "of the bound", "copies sent", "CPU %", "void"},
              {}};
  Plot plot{"flash-crowd-plot", table.title, "clients", "seconds until the last has it", {}, true};
  Series swarm{"plasmd fetch", {}}, server{"one HTTP server (curl, nginx)", {}},
      bound{"bound", {}};
  const auto ours = [&](const std::string& how, int count, milliseconds apart) {
    std::vector<Crowd> runs;
    for (int run = 0; run < bench.runs; ++run) {
      std::filesystem::create_directories(out);
      runs.push_back(run_crowd(bench.shell, count, fetch, apart));
      std::filesystem::remove_all(out);
    }
    std::sort(runs.begin(), runs.end(),
              [](const Crowd& a, const Crowd& b) { return a.last < b.last; });
    double copies = 0;
    for (std::size_t seed = 0; seed < world->providers(); ++seed) {
      copies += copies_sent(runs[runs.size() / 2], world->provider_address(seed));
    }
    table.rows.push_back(row_of(how, count, runs, text_of(copies)));
    return runs[runs.size() / 2].last;
  };
  for (const int count : kCounts) {
    swarm.points.emplace_back(count, ours("plasmd fetch", count, {}));
    bound.points.emplace_back(count, fluid_bound());
    if (count > kMostByHttp) continue;
    std::filesystem::create_directories(out);
    std::vector<Crowd> theirs;
    theirs.push_back(run_crowd(bench.shell, count, curl));
    std::filesystem::remove_all(out);
    table.rows.push_back(row_of("curl, one nginx", count, theirs, std::to_string(count)));
    server.points.emplace_back(count, theirs.front().last);
  }
  (void)ours("plasmd fetch, 0.5 s apart", kOthers, kApart);
  must(world->start_follower(kit.public_key, {kLineBits}));
  must(world->await_followers(version));
  (void)ours("plasmd fetch, two seeds", kOthers, {});
  plot.series = {swarm, server, bound};
  bench.report.add(table);
  bench.report.add(plot);
}

}  // namespace phase::bench
