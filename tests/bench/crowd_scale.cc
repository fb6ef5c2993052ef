// One crowd of a size that is asked for, as a measured run for the scale model (docs/MODEL.md): all
// clients at once, lines slow enough that this machine's processors are not what is measured.
#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "sim/model/measured.h"
#include "sim/world.h"
#include "tests/bench/bench.h"
#include "tests/bench/cpu_time.h"
#include "tests/bench/small_release.h"

namespace phase::bench {
namespace {

using std::chrono::minutes;
using Clock = std::chrono::steady_clock;

/// A bridge has 1,024 ports; the publisher, providers, the DHT and the router take some.
constexpr int kClientsOfSubnet = 250;

std::string address_of(int client) {
  return "10.77." + std::to_string(20 + client / kClientsOfSubnet) + "." +
         std::to_string(1 + client % kClientsOfSubnet);
}

nlohmann::json report_of(const sim::Process& fetch) {
  std::string said;
  for (const std::string& line : fetch.lines_matching("")) said += line + "\n";
  const auto begin = said.find("{\n");
  return nlohmann::json::parse(begin == std::string::npos ? said : said.substr(begin));
}

/// What a client itself says that it took.
double own_seconds(const nlohmann::json& report) {
  double seconds = 0;
  for (const auto& stage : report.at("stages")) seconds += stage.at("seconds").get<double>();
  return seconds;
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[16];
  (void)std::strftime(text, sizeof text, "%Y-%m-%d", &parts);
  return text;
}

}  // namespace

void run_crowd_scale(Bench& bench) {
  const CrowdChoice& choice = bench.crowd;
  const auto payload = static_cast<std::size_t>(choice.image_kib) * 1024;
  const sim::Rate line{static_cast<std::uint64_t>(choice.line_kbit) * 1000};
  auto world = must(sim::World::create(bench.shell, bench.scratch));
  const sim::ReleaseKit kit = make_small_release(bench.shell, bench.scratch, payload);
  const std::uint64_t version = must(world->publish(kit));
  must(world->start_publisher());
  for (int i = 0; i < choice.providers; ++i) must(world->start_follower(kit.public_key, line));
  must(world->await_followers(version));
  must(world->stop_publisher());
  for (int i = 0; i < choice.clients; ++i) {
    must(world->network().add_host("c" + std::to_string(i), address_of(i), line));
  }
  must(world->network().introduce_hosts());

  const std::string out = bench.scratch + "/out";
  std::filesystem::create_directories(out);
  std::vector<std::unique_ptr<sim::Process>> clients;
  const CpuTime before = cpu_time();
  const auto began = Clock::now();
  std::vector<double> started;
  for (int i = 0; i < choice.clients; ++i) {
    std::vector<std::string> argv = {"plasmd", "fetch", "--trust", kit.public_key, "--no-lan",
                                     "--out", out + "/" + std::to_string(i), "--json"};
    for (const auto& node : world->bootstrap()) argv.insert(argv.end(), {"--bootstrap", node});
    started.push_back(std::chrono::duration<double>(Clock::now() - began).count());
    clients.push_back(must(bench.shell.start("c" + std::to_string(i), argv)));
  }
  for (auto& client : clients) {
    must(bench.shell.await_end(*client, "the crowd", minutes(choice.longest_minutes)));
  }
  const double last = std::chrono::duration<double>(Clock::now() - began).count();
  const CpuTime after = cpu_time();

  sim::model::MeasuredRun run;
  run.clients = static_cast<std::uint32_t>(choice.clients);
  run.providers = static_cast<std::uint32_t>(choice.providers);
  run.image_bytes = payload;
  run.line_bits = line.bits_per_second;
  run.dht_nodes = sim::kPlainDhtNodes;
  run.name = "crowd-" + std::to_string(run.clients) + "-providers-" + std::to_string(run.providers) + "-" +
             std::to_string(choice.line_kbit) + "kbit-" + std::to_string(choice.image_kib) + "kib";
  run.origin = "phase-bench crowd-scale --clients " + std::to_string(choice.clients) + " --providers " +
               std::to_string(choice.providers) + " --line-kbit " + std::to_string(choice.line_kbit) +
               " --image-kib " + std::to_string(choice.image_kib) + ", " + today() + ", " +
               std::to_string(std::thread::hardware_concurrency()) + " cores";
  run.last_s = last;
  run.cpu_share = std::min(1.0, (after.busy - before.busy) / (after.all - before.all));
  for (std::size_t i = 0; i < clients.size(); ++i) {
    const auto report = report_of(*clients[i]);
    run.completions.push_back(std::min(last, started[i] + own_seconds(report)));
    for (const auto& source : report.at("sources")) {
      const std::string peer = source.at("peer");
      for (std::size_t provider = 0; provider < world->providers(); ++provider) {
        if (peer.starts_with(world->provider_address(provider) + ":")) {
          run.provider_bytes += source.at("bytes").get<double>();
        }
      }
    }
  }
  std::sort(run.completions.begin(), run.completions.end());
  const std::string text = sim::model::measured_text(run);
  // Whoever reads it later refuses what is not of this form; so does whoever writes it.
  (void)must(sim::model::parse_measured(text));
  if (!choice.out.empty()) {
    std::ofstream file(choice.out, std::ios::binary);
    file << text;
    file.close();
    if (!file) throw std::runtime_error(choice.out + ": cannot be written");
  }
  Table table{"crowd-scale",
              "A crowd of " + std::to_string(choice.clients) + ", " + std::to_string(choice.image_kib) + " KiB, lines of " +
                  std::to_string(choice.line_kbit) + " kbit/s each way",
              {"clients", "providers", "median s", "last s", "copies sent", "CPU %", "void"},
              {}};
  table.rows.push_back({Figure{static_cast<double>(run.clients), 0}, Figure{static_cast<double>(run.providers), 0},
                        Figure{run.completions[run.completions.size() / 2], 1}, Figure{run.last_s, 1},
                        Figure{run.provider_bytes / static_cast<double>(payload), 2},
                        Figure{run.cpu_share * 100, 0}, run.valid() ? "" : "void"});
  bench.report.add(table);
}

}  // namespace phase::bench
