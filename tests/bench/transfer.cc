// One client, who has nothing, beside curl and aria2 from nginx on the same lines: one provider on a
// fast line, and four on slow ones.
#include <chrono>
#include <filesystem>
#include <optional>

#include "sim/world.h"
#include "tests/bench/aria_swarm.h"
#include "tests/bench/bench.h"
#include "tests/bench/cpu_time.h"
#include "tests/bench/small_release.h"
#include "tests/bench/web_server.h"

namespace phase::bench {
namespace {

using std::chrono::minutes;
using Clock = std::chrono::steady_clock;
using Argv = std::vector<std::string>;

constexpr double kMiB = 1 << 20;
constexpr double kGiB = 1 << 30;
constexpr std::uint16_t kWebPort = 8088;

struct Cost {
  double seconds = 0;
  double client_cpu = 0, servers_cpu = 0;  ///< Seconds.
};

/// A release of `mib` MiB, held by `providers` nodes behind lines of `rate`; nginx beside each.
class Scene {
 public:
  Scene(Bench& bench, const std::string& name, std::size_t mib, int providers, sim::Rate rate)
      : shell_(bench.shell), folder_(bench.scratch + "/" + name), mib_(mib) {
    std::filesystem::create_directories(folder_);
    world_ = must(sim::World::create(shell_, folder_));
    kit_ = make_small_release(shell_, folder_, mib << 20);
    const auto version = must(world_->publish(kit_));
    must(world_->start_publisher());
    // Filled before their lines are slow: nobody measures that.
    for (int i = 0; i < providers; ++i) must(world_->start_follower(kit_.public_key, rate));
    must(world_->await_followers(version));
    must(world_->stop_publisher());
    for (int i = 0; i < providers; ++i) {
      const std::string root = folder_ + "/www" + std::to_string(i);
      std::filesystem::create_directories(root);
      std::filesystem::create_hard_link(folder_ + "/initramfs", root + "/initramfs");
      roots_.push_back(root);
      nginx_.push_back(start_nginx(*world_, "provider" + std::to_string(i + 1),
                                   world_->provider_address(static_cast<std::size_t>(i)), root));
    }
    client_ = must(world_->network().add_host("client", "10.77.8.1")).name;
  }

  [[nodiscard]] Argv fetch(bool with_url) const {
    Argv argv = {"plasmd", "fetch", "--trust", kit_.public_key, "--no-lan", "--out", out()};
    for (const auto& node : world_->bootstrap()) argv.insert(argv.end(), {"--bootstrap", node});
    if (with_url) {
      argv.insert(argv.end(), {"--provider", "http://" + world_->provider_address(0) + ":8080"});
    }
    return argv;
  }
  [[nodiscard]] Argv curl() const {
    return {"curl", "--silent", "--fail", "--output", out() + "/initramfs", url(0)};
  }
  [[nodiscard]] Argv aria2() const {
    Argv argv = {"aria2c", "--quiet", "--dir=" + out(), "--split=16", "--min-split-size=1M",
                 "--max-connection-per-server=4", "--file-allocation=none"};
    for (std::size_t i = 0; i < nginx_.size(); ++i) argv.push_back(url(i));
    return argv;
  }
  /// The same by BitTorrent, from aria2 beside each nginx.
  [[nodiscard]] Argv aria2_swarm() {
    if (!swarm_) swarm_.emplace(*world_, roots_, "initramfs", base(0));
    return swarm_->fetch(out());
  }
  [[nodiscard]] Cost run(const Argv& argv) {
    std::filesystem::create_directories(out());
    const double client = cpu_of_ended(), servers = servers_cpu();
    const auto began = Clock::now();
    (void)must(shell_.run(client_, argv, minutes(5)));
    const Cost cost{std::chrono::duration<double>(Clock::now() - began).count(),
                    cpu_of_ended() - client, servers_cpu() - servers};
    std::filesystem::remove_all(out());
    return cost;
  }
  [[nodiscard]] double mib() const { return static_cast<double>(mib_); }

 private:
  /// Of whichever was asked; the others are idle meanwhile.
  [[nodiscard]] double servers_cpu() {
    double all = swarm_ ? swarm_->cpu_seconds() : 0;
    for (std::size_t i = 0; i < nginx_.size(); ++i) {
      all += cpu_of(nginx_[i]->pid()) + cpu_of(world_->provider(i).pid());
    }
    return all;
  }
  [[nodiscard]] std::string out() const { return folder_ + "/out"; }
  [[nodiscard]] std::string base(std::size_t provider) const {
    return "http://" + world_->provider_address(provider) + ":" + std::to_string(kWebPort);
  }
  [[nodiscard]] std::string url(std::size_t provider) const { return base(provider) + "/initramfs"; }

  sim::Shell& shell_;
  std::string folder_;
  std::size_t mib_;
  std::unique_ptr<sim::World> world_;
  sim::ReleaseKit kit_;
  std::vector<std::string> roots_;  // Of each nginx.
  std::vector<std::unique_ptr<sim::Process>> nginx_;
  std::optional<AriaSwarm> swarm_;
  std::string client_;
};

struct Way {
  std::string name;
  Argv argv;
};

/// The ways in turn, `runs` times; ratios to `least` seconds, or to the last one where that is 0.
void measure(Table& table, Scene& scene, const std::string& line, const std::vector<Way>& ways,
             int runs, double least = 0) {
  std::vector<std::vector<double>> seconds(ways.size()), client(ways.size()), servers(ways.size());
  for (int run = 0; run < runs; ++run) {
    for (std::size_t i = 0; i < ways.size(); ++i) {
      const Cost cost = scene.run(ways[i].argv);
      seconds[i].push_back(cost.seconds);
      client[i].push_back(cost.client_cpu);
      servers[i].push_back(cost.servers_cpu);
    }
  }
  const double peer = least > 0 ? least : median(seconds.back());
  for (std::size_t i = 0; i < ways.size(); ++i) {
    const double took = median(seconds[i]);
    table.rows.push_back({line, Figure{scene.mib(), 0}, ways[i].name, Figure{took, 3},
                          Figure{scene.mib() / took, 1}, Figure{peer / took, 3},
                          Figure{median(client[i]) * kGiB / kMiB / scene.mib(), 1},
                          Figure{median(servers[i]) * kGiB / kMiB / scene.mib(), 1}});
  }
}

}  // namespace

void run_transfer(Bench& bench) {
  Table table{"transfer",
              "One client, medians; a fetch begins with the start of a process that knows nothing",
              {"line", "MiB", "how", "seconds", "MiB/s", "of the last one", "its CPU s a GiB",
               "servers' CPU s a GiB"},
              {}};
  for (const auto& [line, bits] : {std::pair{"100 Mbit/s", std::uint64_t{100'000'000}},
                                   std::pair{"1 Gbit/s", std::uint64_t{1'000'000'000}}}) {
    for (const std::size_t mib : {64, 256}) {
      Scene scene(bench, "one" + std::to_string(bits) + "-" + std::to_string(mib), mib, 1, {bits});
      measure(table, scene, line,
              {{"plasmd fetch, peers", scene.fetch(false)},
               {"plasmd fetch, peers and HTTP", scene.fetch(true)},
               {"curl, nginx", scene.curl()}},
              bench.runs);
    }
  }
  bench.report.add(table);

  // Of each 1514 bytes on such a line 1448 are payload: TCP brings 0.956 of its bits at most.
  Table four{"four-providers",
             "One client, four providers of 25 Mbit/s each, medians",
             {"line", "MiB", "how", "seconds", "MiB/s", "of the sum of the lines",
              "its CPU s a GiB", "servers' CPU s a GiB"},
             {}};
  Scene scene(bench, "four", 64, 4, {25'000'000});
  measure(four, scene, "4 x 25 Mbit/s",
          {{"plasmd fetch, peers", scene.fetch(false)},
           {"plasmd fetch, peers and one HTTP", scene.fetch(true)},
           {"aria2c, four nginx", scene.aria2()},
           {"aria2c, four aria2c by BitTorrent", scene.aria2_swarm()}},
          bench.runs, 64 * kMiB * 8 / 100e6);
  bench.report.add(four);
}

}  // namespace phase::bench
