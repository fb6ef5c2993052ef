// Goal: whenever the power goes while a release is kept, the next boot is right. Method: a machine
// that has one release in its cache fetches the next one and is killed at a random moment while it
// writes; of the writes behind its last flush, random ones are lost; then a machine that has nothing
// but this disk, on a link where nobody is, must start one of the two releases.
// The first machine is killed when it says that the release is kept: from then on it is the newer
// one that must start. How long that took is the time that the others' moments are drawn from.
//
// PHASE_POWER_CUTS says how many moments (5), PHASE_RNG_SEED repeats them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>
#include <thread>

#include "disk_scene.h"
#include "sim/power_cut.h"

namespace phase::sim {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::steady_clock;
namespace fs = std::filesystem;

/// More than mounting writes, less than an artifact.
constexpr std::uint64_t kArtifactBegun = 1024 * 1024;
constexpr std::size_t kPadding = 64 * 1024;

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::stoull(text) : otherwise;
}

class CacheUnderPowerCuts : public DiskScene {
 protected:
  void SetUp() override {
    DiskScene::SetUp();
    auto& network = world().network();
    empty_tap_ = must(network.add_tap(must(network.add_lan("empty")), "empty0"));
  }

  /// The same system with other bytes: zeros behind an initramfs mean nothing to a kernel.
  ReleaseKit other_release() {
    ReleaseKit other = kit();
    other.node_initramfs = scratch() + "/other.cpio";
    fs::copy_file(kit().node_initramfs, other.node_initramfs);
    std::ofstream(other.node_initramfs, std::ios::binary | std::ios::app) << std::string(kPadding, '\0');
    return other;
  }

  struct Cut {
    bool kept = false;              ///< It had said so.
    std::chrono::duration<double> writing{};  ///< From an artifact's first byte to the cut.
  };
  /// Switches on with `disk` and a network, and off `delay` after the first byte of an artifact was
  /// written, or when the machine says that the release is kept.
  Cut write_until(const Disk& disk, const std::string& log, std::chrono::duration<double> delay) {
    PowerOnChoice choice;
    choice.disks = {{disk.path(), log, false}};
    auto machine = power_on_once(choice);
    const auto kept = [&machine] {
      return !machine->lines_matching("cache: version [0-9]+ is kept").empty();
    };
    const auto deadline = steady_clock::now() + minutes(3);
    while (written_so_far(log) < kArtifactBegun) {
      if (!machine->running() || steady_clock::now() > deadline) {
        throw std::runtime_error("the machine wrote nothing:\n" + machine->last_lines(60));
      }
      std::this_thread::sleep_for(milliseconds(1));
    }
    const auto begin = steady_clock::now();
    while (!kept() && steady_clock::now() < std::min(begin + duration_cast<milliseconds>(delay), deadline)) {
      std::this_thread::sleep_for(milliseconds(1));
    }
    const Cut cut{kept(), steady_clock::now() - begin};
    must(machine->cut_power());
    return cut;
  }

  /// A static address on an empty link: no time is spent on waiting for a network.
  MachineReport next_boot(const Disk& disk) {
    PowerOnChoice choice;
    choice.disks = {{disk.path(), "", false}};
    choice.tap = empty_tap_;
    choice.more_command_line = "phase.mode=local ip=10.78.1.9::10.78.1.1:255.255.255.0::eth0:off";
    auto machine = power_on_once(choice);
    auto report = must(watch_first_report(shell(), *machine, minutes(3)));
    must(machine->cut_power());
    if (report.stage != "boot") std::cout << machine->last_lines(60);
    return report;
  }

 private:
  std::string empty_tap_;
};

TEST_F(CacheUnderPowerCuts, StartsTheNextBootRight) {
  const auto cuts = number_from("PHASE_POWER_CUTS", 5);
  const auto rng_seed = number_from("PHASE_RNG_SEED", std::random_device{}());
  std::cout << "PHASE_RNG_SEED=" << rng_seed << "\n";
  const auto first = publish();
  const Disk before = make_disk("before", make_cache(true));
  const auto second = must(world().publish(other_release()));
  (void)must(world().publisher()->wait_for_line("^serving .*version=" + std::to_string(second) + "\\b",
                                                minutes(1)));
  std::mt19937_64 random(rng_seed);
  std::chrono::duration<double> longest = minutes(3);
  std::uint64_t in_the_middle = 0;
  for (std::uint64_t number = 0; number <= cuts; ++number) {
    const Disk disk = must(before.copy_to(scratch() + "/disk"));
    const std::string log = scratch() + "/write-log";
    fs::remove(log);
    const auto delay =
        number == 0 ? longest : longest * std::uniform_real_distribution<double>(0, 1)(random);
    const Cut cut = write_until(disk, log, delay);
    if (number == 0) longest = cut.writing;
    const Disk left = must(before.copy_to(scratch() + "/left"));
    const PowerCut lost = must(apply_power_cut(log, left.path(), random()));
    in_the_middle += !cut.kept;

    const auto report = next_boot(left);

    std::ostringstream where;
    where << "cut " << number << " after " << cut.writing.count() << " s of writing"
          << (cut.kept ? ", kept" : "") << ": " << lost.writes << " writes, " << lost.flushes
          << " flushes, " << lost.lost << " of " << lost.at_risk
          << " lost; PHASE_RNG_SEED=" << rng_seed;
    std::cout << where.str() << "; next boot: version " << report.version << std::endl;
    EXPECT_EQ(report.stage, "boot") << where.str() << ": " << report.error << ": " << report.detail;
    EXPECT_TRUE(report.version == second || (report.version == first && !cut.kept)) << where.str();
    for (const auto& source : report.sources) EXPECT_EQ(source.peer, "cache") << where.str();
  }
  EXPECT_GT(in_the_middle, 0u) << "no cut came while the release was written";
}

}  // namespace
}  // namespace phase::sim
