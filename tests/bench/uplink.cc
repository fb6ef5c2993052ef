// Twenty machines on one link behind a line of 10 Mbit/s that all want the same release: how often
// does it come through the line? Ten seconds apart, each stays as a provider, as a booted node does;
// all at once, each goes when it has everything, as a machine that jumps does. Beside it: curl from
// one nginx at the provider.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <mutex>
#include <thread>

#include "sim/world.h"
#include "tests/bench/bench.h"
#include "tests/bench/cpu_time.h"
#include "tests/bench/small_release.h"
#include "tests/bench/web_server.h"

namespace phase::bench {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

constexpr sim::Rate kUplinkRate{10'000'000};
constexpr sim::Rate kPortRate{100'000'000};
constexpr std::size_t kPayload = 64 << 20;
constexpr int kClients = 20;
/// More would take a quarter of an hour to show that each fetches all of it.
constexpr int kClientsByHttp = 2;
constexpr seconds kApart{10};
/// Above it a run says more of this machine than of the LAN.
constexpr double kMostCpu = 0.7;

struct Scene {
  std::unique_ptr<sim::World> world;
  sim::ReleaseKit kit;
  sim::Lan lan;
  std::string out;  ///< A folder, empty before each run.
  std::string logs;
};

/// A client that runs, and when it had everything.
struct Client {
  struct Moment {
    std::mutex mutex;
    Clock::time_point done{};
  };
  std::shared_ptr<Moment> moment = std::make_shared<Moment>();
  Clock::time_point began = Clock::now();
  std::unique_ptr<sim::Process> process;
};

struct Kind {
  const char* name;
  int clients;
  seconds apart;
  /// Begins the line that says that a client has everything.
  const char* done;
  std::vector<std::string> (*argv)(const Scene&, const std::string& folder);
};

Client start_client(const Scene& scene, int number, const Kind& kind) {
  Client client;
  sim::ProcessOptions options;
  options.netns = "client" + std::to_string(number);
  options.log_file = scene.logs + "/uplink-client" + std::to_string(number) + ".log";
  options.argv = kind.argv(scene, scene.out + "/" + std::to_string(number));
  options.on_line = [moment = client.moment, done = std::string(kind.done)](std::string_view line) {
    if (!line.starts_with(done)) return;
    const std::lock_guard lock(moment->mutex);
    if (moment->done == Clock::time_point{}) moment->done = Clock::now();
  };
  client.process = must(sim::Process::start(std::move(options)));
  return client;
}

double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

std::vector<Cell> run_clients(const Scene& scene, const Kind& kind) {
  std::filesystem::create_directories(scene.out);
  const auto before = must(sim::Network::uplink_bytes(scene.lan));
  const CpuTime cpu_before = cpu_time();
  const auto began = Clock::now();
  std::vector<Client> clients;
  for (int i = 0; i < kind.clients; ++i) {
    // When they come is what is measured, not something that is waited for.
    std::this_thread::sleep_until(began + i * kind.apart);
    clients.push_back(start_client(scene, i, kind));
  }
  std::vector<double> took;
  Clock::time_point last = began;
  for (Client& client : clients) {
    (void)must(client.process->wait_for_line(std::string("^") + kind.done, minutes(15)));
    const std::lock_guard lock(client.moment->mutex);
    took.push_back(seconds_between(client.began, client.moment->done));
    last = std::max(last, client.moment->done);
  }
  const CpuTime cpu_after = cpu_time();
  const auto after = must(sim::Network::uplink_bytes(scene.lan));
  for (Client& client : clients) client.process->signal(SIGTERM);
  for (Client& client : clients) (void)client.process->wait(seconds(20));
  clients.clear();
  std::filesystem::remove_all(scene.out);
  const double cpu = (cpu_after.busy - cpu_before.busy) / (cpu_after.all - cpu_before.all);
  const auto images = [](std::uint64_t bytes) {
    return static_cast<double>(bytes) / static_cast<double>(kPayload);
  };
  return {std::string(kind.name),
          Figure{static_cast<double>(kind.clients), 0},
          Figure{images(after.down - before.down), 2},
          Figure{images(after.up - before.up), 2},
          Figure{median(took), 1},
          Figure{largest(took), 1},
          Figure{seconds_between(began, last), 1},
          Figure{cpu * 100, 0},
          std::string(cpu > kMostCpu ? "void" : "")};
}

std::vector<std::string> with_bootstrap(const Scene& scene, std::vector<std::string> argv) {
  for (const auto& node : scene.world->bootstrap()) {
    argv.insert(argv.end(), {"--bootstrap", node});
  }
  return argv;
}

std::string plasmd() { return sim::own_folder() + "/plasmd"; }

constexpr Kind kApartKind{
    "plasmd serve --follow, 10 s apart", kClients, kApart, "serving channel=",
    [](const Scene& scene, const std::string& folder) {
      return with_bootstrap(scene, {plasmd(), "serve", "-a", folder, "--admin", "none", "--follow",
                                    scene.kit.public_key + "/" + sim::kChannel + "/" + sim::kArch});
    }};
constexpr Kind kAtOnceKind{
    "plasmd fetch, all at once", kClients, seconds(0), "fetched channel=",
    [](const Scene& scene, const std::string& folder) {
      return with_bootstrap(scene, {plasmd(), "fetch", "--trust", scene.kit.public_key, "--out", folder});
    }};
constexpr Kind kCurlKind{
    "curl, all at once", kClientsByHttp, seconds(0), "whole",
    [](const Scene& scene, const std::string& folder) {
      return std::vector<std::string>{"curl", "--silent", "--fail", "--output", folder, "--write-out",
                                      "whole\\n",
                                      "http://" + scene.world->provider_address(0) + ":8088/initramfs"};
    }};

}  // namespace

void run_uplink(Bench& bench) {
  Scene scene;
  const std::string& folder = bench.scratch;
  scene.world = must(sim::World::create(bench.shell, folder));
  scene.kit = make_small_release(bench.shell, folder, kPayload);
  scene.out = folder + "/out";
  scene.logs = bench.shell.logs();
  const std::uint64_t version = must(scene.world->publish(scene.kit));
  must(scene.world->start_publisher());
  must(scene.world->start_follower(scene.kit.public_key));
  must(scene.world->await_followers(version));
  must(scene.world->stop_publisher());
  const auto nginx =
      start_nginx(*scene.world, "provider1", scene.world->provider_address(0), folder);
  scene.lan = must(scene.world->add_lan("site", kUplinkRate));
  for (int i = 0; i < kClients; ++i) {
    (void)must(scene.world->network().add_host(scene.lan, "client" + std::to_string(i), 10 + i,
                                               kPortRate));
  }
  Table table{"uplink",
              "20 machines on one link of 100 Mbit/s, 64 MiB, one provider beyond its line of "
              "10 Mbit/s",
              {"how", "clients", "images through the line", "sent up", "median s", "worst s",
               "all after s", "CPU %", "void"},
              {}};
  for (int run = 0; run < bench.runs; ++run) table.rows.push_back(run_clients(scene, kAtOnceKind));
  for (int run = 0; run < bench.runs; ++run) table.rows.push_back(run_clients(scene, kApartKind));
  table.rows.push_back(run_clients(scene, kCurlKind));
  bench.report.add(table);
}

}  // namespace phase::bench
