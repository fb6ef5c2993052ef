#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "sim/world.h"
#include "tests/bench/bench.h"
#include "tests/bench/small_release.h"
#include "tests/bench/web_server.h"

namespace phase::bench {
namespace {

using std::chrono::minutes;

constexpr std::uint64_t kLinkBits = 100'000'000;
constexpr std::size_t kPayload = 64 << 20;
double seconds_since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

struct Figures {
  std::vector<double> pointer, provider, ours, curl;
  std::vector<std::pair<std::string, std::vector<double>>> stages;  ///< Of `ours`, in their order.
};

/// The JSON that ends what a verb said; its messages on stderr come before.
nlohmann::json report_in(const std::string& said) {
  const auto begin = said.rfind("\n{\n");
  return nlohmann::json::parse(begin == std::string::npos ? said : said.substr(begin));
}

void add_stages(Figures& figures, const nlohmann::json& report) {
  for (const auto& stage : report.at("stages")) {
    const std::string name = stage.at("stage");
    auto row = std::find_if(figures.stages.begin(), figures.stages.end(),
                            [&](const auto& known) { return known.first == name; });
    if (row == figures.stages.end()) row = figures.stages.insert(row, {name, {}});
    row->second.push_back(stage.at("seconds"));
  }
}

void print(const Figures& figures) {
  std::printf("\nNative, 100 Mbit/s, one provider, %zu MiB, metadata included\n", kPayload >> 20);
  std::printf("%-44s %8s %8s\n", "seconds", "median", "largest");
  const auto row = [](const char* name, const std::vector<double>& values) {
    std::printf("%-44s %8.3f %8.3f\n", name, median(values), largest(values));
  };
  row("empty node state to verified pointer", figures.pointer);
  row("  and to the first provider by get_peers", figures.provider);
  row("plasmd fetch, discovery and checks included", figures.ours);
  for (const auto& [name, values] : figures.stages) row(("  " + name).c_str(), values);
  row("curl from nginx, the same files", figures.curl);
  std::printf("ratio curl / plasmd fetch %.3f\n", median(figures.curl) / median(figures.ours));
}

}  // namespace

void run_native(Bench& bench) {
  sim::Shell& shell = bench.shell;
  const std::string& folder = bench.scratch;
  auto world = must(sim::World::create(shell, folder));
  const sim::ReleaseKit kit = make_small_release(shell, folder, kPayload);
  const std::uint64_t version = must(world->publish(kit));
  must(world->start_publisher());
  must(world->start_follower(kit.public_key));
  must(world->await_followers(version));
  must(world->stop_publisher());

  const auto nginx = start_nginx(*world, "provider1", "10.77.3.1", folder);
  const auto client = must(world->network().add_host("client", "10.77.8.1", {kLinkBits}));

  std::vector<std::string> bootstrap;
  for (const auto& node : world->bootstrap()) bootstrap.insert(bootstrap.end(), {"--bootstrap", node});
  Figures figures;
  for (int i = 0; i < bench.runs; ++i) {
    std::vector<std::string> discover = {"plasmd", "discover", "--trust", kit.public_key, "--json",
                                         "--seconds", "2"};
    discover.insert(discover.end(), bootstrap.begin(), bootstrap.end());
    const auto found = report_in("\n" + must(shell.run(client.name, discover)));
    figures.pointer.push_back(found.at("pointer").at("seconds"));
    figures.provider.push_back(found.at("first_provider_seconds"));

    const std::string out = folder + "/out" + std::to_string(i);
    std::vector<std::string> fetch = {"plasmd", "fetch", "--trust", kit.public_key, "--out", out, "--json"};
    fetch.insert(fetch.end(), bootstrap.begin(), bootstrap.end());
    auto began = std::chrono::steady_clock::now();
    const std::string said = must(shell.run(client.name, fetch, minutes(3)));
    figures.ours.push_back(seconds_since(began));
    add_stages(figures, report_in(said));
    std::filesystem::remove_all(out);

    began = std::chrono::steady_clock::now();
    (void)must(shell.run(client.name, {"curl", "--silent", "--fail", "--output", folder + "/curl1",
                                       "http://10.77.3.1:8088/kernel", "--output", folder + "/curl2",
                                       "http://10.77.3.1:8088/initramfs"}, minutes(3)));
    figures.curl.push_back(seconds_since(began));
  }
  print(figures);
}

}  // namespace phase::bench
