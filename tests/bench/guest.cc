#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "sim/boot_watch.h"
#include "sim/world.h"
#include "tests/bench/bench.h"
#include "tests/bench/seed_way.h"

namespace phase::bench {
namespace {

using std::chrono::minutes;

constexpr std::uint64_t kStep = 16;      // MiB
constexpr std::uint64_t kEnough = 512;
constexpr const char* kToJump = "power on to the jump";
constexpr const char* kToUp = "power on to the published system";
constexpr std::uint64_t kHopeless = 96;  // the kernel alone does not start below this

/// Seconds of each stage, one value for each run, in the order of the first run.
using Stages = std::vector<std::pair<std::string, std::vector<double>>>;

void add(Stages& stages, const std::string& name, double seconds) {
  auto row = std::find_if(stages.begin(), stages.end(),
                          [&](const auto& known) { return known.first == name; });
  if (row == stages.end()) row = stages.insert(row, {name, {}});
  row->second.push_back(seconds);
}

const std::vector<double>* find(const Stages& stages, const std::string& name) {
  for (const auto& [stage, seconds] : stages) {
    if (stage == name) return &seconds;
  }
  return nullptr;
}

void boot_our_way(Stages& stages, sim::World& world, sim::Shell& shell, const sim::ReleaseKit& kit,
                  std::uint64_t version) {
  sim::PowerOnChoice choice;
  choice.memory_mib = kEnough;
  auto machine = must(world.power_on(kit, choice));
  const auto boot = must(sim::watch_boot(shell, *machine, minutes(5)));
  must(sim::check_boot(boot, version, kit.public_key));
  for (const auto& [name, seconds] : boot.before.stages) add(stages, name, seconds);
  const auto load = must(machine->wait_for_line(" loaded in ([0-9.]+) s", std::chrono::seconds(1)));
  add(stages, "load", std::stod(load.groups.at(1)));
  add(stages, kToJump, boot.seconds_to_jump);
  add(stages, kToUp, boot.seconds_to_up);
}

void print_stages(const Stages& ours, const Stages& seed, const sim::ReleaseKit& kit) {
  std::printf("\nGuest, %llu MiB, two providers; beside it busybox wget and kexec -l\n",
              static_cast<unsigned long long>(kEnough));
  std::printf("%-34s %17s %17s %6s\n", "seconds: median (largest)", "ours", "seed's way", "ratio");
  double added = 0, shared = 0, theirs = 0;
  for (const auto& [name, values] : ours) {
    std::printf("%-34s %8.3f (%6.3f)", name.c_str(), median(values), largest(values));
    if (const auto* other = find(seed, name)) {
      std::printf(" %8.3f (%6.3f) %6.2f", median(*other), largest(*other),
                  median(values) / median(*other));
      shared += median(values);
      theirs += median(*other);
    } else if (name != kToJump && name != kToUp) {
      added += median(values);
    }
    std::printf("\n");
  }
  std::printf("%-34s %8.3f %8s %8.3f %8s %6.2f\n", "shared stages together", shared, "", theirs, "",
              shared / theirs);
  std::printf("%-34s %8.3f\n", "added stages together", added);
  std::printf("client initramfs %ju bytes, node initramfs %ju bytes\n",
              std::filesystem::file_size(kit.client_initramfs),
              std::filesystem::file_size(kit.node_initramfs));
}

/// True where a machine of `memory_mib` comes up as the published system.
bool boots(sim::World& world, sim::Shell& shell, const sim::ReleaseKit& kit, std::uint64_t memory_mib) {
  sim::PowerOnChoice choice;
  choice.memory_mib = memory_mib;
  choice.more_command_line = "phase.onfail=poweroff";
  auto machine = must(world.power_on(kit, choice));
  const auto boot = sim::watch_boot(shell, *machine, minutes(3));
  std::printf("  %4llu MiB: %s\n", static_cast<unsigned long long>(memory_mib),
              boot ? "boots" : boot.error().detail.substr(0, 160).c_str());
  std::fflush(stdout);
  return boot.ok();
}

void find_least_memory(sim::World& world, sim::Shell& shell, const sim::ReleaseKit& kit) {
  std::printf("\nLeast memory, by bisection in steps of %llu MiB\n", static_cast<unsigned long long>(kStep));
  std::uint64_t low = kHopeless / kStep, high = kEnough / kStep;  // low fails, high boots
  while (high - low > 1) {
    const std::uint64_t middle = (low + high) / 2;
    (boots(world, shell, kit, middle * kStep) ? high : low) = middle;
  }
  std::printf("least guest memory %llu MiB\n", static_cast<unsigned long long>(high * kStep));
}

/// Two providers of one release, whose publisher is gone.
struct GuestScene {
  sim::ReleaseKit kit;
  std::unique_ptr<sim::World> world;
  std::uint64_t version = 0;
};

GuestScene make_scene(const Bench& bench) {
  GuestScene scene;
  std::filesystem::create_directories(bench.scratch + "/kit");
  scene.kit = must(sim::make_release_kit(bench.shell, bench.kernel_package, bench.scratch + "/kit"));
  scene.world = must(sim::World::create(bench.shell, bench.scratch));
  scene.version = must(scene.world->publish(scene.kit));
  must(scene.world->start_publisher());
  for (int i = 0; i < 2; ++i) must(scene.world->start_follower(scene.kit.public_key));
  must(scene.world->await_followers(scene.version));
  must(scene.world->stop_publisher());
  return scene;
}

}  // namespace

void run_guest(Bench& bench) {
  const GuestScene scene = make_scene(bench);
  SeedWay seed_way(*scene.world, scene.kit, bench.scratch + "/seed", kEnough);
  Stages ours, seed;
  for (int i = 0; i < bench.runs; ++i) {
    boot_our_way(ours, *scene.world, bench.shell, scene.kit, scene.version);
    for (const auto& [name, seconds] : seed_way.boot()) add(seed, name, seconds);
  }
  print_stages(ours, seed, scene.kit);
}

void run_least_memory(Bench& bench) {
  const GuestScene scene = make_scene(bench);
  find_least_memory(*scene.world, bench.shell, scene.kit);
}

}  // namespace phase::bench
