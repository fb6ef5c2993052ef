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
constexpr std::uint64_t kHopeless = 96;  // the kernel alone does not start below this

using Stages = std::vector<std::pair<std::string, double>>;

double find_stage(const Stages& stages, const std::string& name) {
  for (const auto& [stage, seconds] : stages) {
    if (stage == name) return seconds;
  }
  return 0;
}

void print_stages(const sim::WatchedBoot& boot, const Stages& seed, const sim::ReleaseKit& kit) {
  std::printf("\nGuest, %llu MiB, two providers; beside it busybox wget and kexec -l\n",
              static_cast<unsigned long long>(kEnough));
  std::printf("%-34s %8s %10s\n", "stage, seconds", "ours", "seed's way");
  double added = 0;
  for (const auto& [name, seconds] : boot.before.stages) {
    const double theirs = find_stage(seed, name);
    if (theirs > 0) {
      std::printf("%-34s %8.3f %10.3f\n", name.c_str(), seconds, theirs);
    } else {
      std::printf("%-34s %8.3f %10s\n", name.c_str(), seconds, "-");
      added += seconds;
    }
  }
  std::printf("%-34s %8s %10.3f\n", "load (kexec -l)", "", find_stage(seed, "load"));
  std::printf("%-34s %8.3f\n", "added stages together", added);
  std::printf("%-34s %8.3f\n", "power on to the jump", boot.seconds_to_jump);
  std::printf("%-34s %8.3f\n", "power on to the published system", boot.seconds_to_up);
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

}  // namespace

void run_guest(sim::Shell& shell, const std::string& scratch, const std::string& kernel_package,
               bool least_memory) {
  const std::string folder = scratch + "/guest";
  std::filesystem::create_directories(folder + "/kit");
  const sim::ReleaseKit kit = must(sim::make_release_kit(shell, kernel_package, folder + "/kit"));
  auto world = must(sim::World::create(shell, folder));
  const std::uint64_t version = must(world->publish(kit));
  must(world->start_publisher());
  for (int i = 0; i < 2; ++i) must(world->start_follower(kit.public_key));
  must(world->await_followers(version));
  must(world->stop_publisher());

  sim::PowerOnChoice choice;
  choice.memory_mib = kEnough;
  {
    auto machine = must(world->power_on(kit, choice));
    const auto boot = must(sim::watch_boot(shell, *machine, minutes(5)));
    must(sim::check_boot(boot, version, kit.public_key));
    machine.reset();
    print_stages(boot, boot_seed_way(*world, kit, folder + "/seed", kEnough), kit);
  }
  if (least_memory) find_least_memory(*world, shell, kit);
}

}  // namespace phase::bench
