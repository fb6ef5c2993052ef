// Goal: a machine that booted is a provider at once, of bytes that it received once. Method: it
// boots from providers that it found, and everybody who ever had the release dies while it jumps;
// another host fetches from it, byte for byte. The kernel counts what reached its tap meanwhile.
#include <gmock/gmock.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <sstream>

#include "scene.h"

namespace phase::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::steady_clock;

/// DHCP, the DHT and questions for the pointer; the smallest file of a release is larger.
constexpr std::uint64_t kTalk = 512 * 1024;

class HandOver : public Scene {
 protected:
  void SetUp() override {
    Scene::SetUp();
    version_ = publish();
    must(world().start_follower(kit().public_key));
    must(world().start_follower(kit().public_key));
    must(world().await_followers(version_));
  }

  /// What the switch has sent to the machine.
  static std::uint64_t received_by(const std::string& tap) {
    std::ifstream devices("/proc/net/dev");  // of this network namespace, unlike /sys
    for (std::string line; std::getline(devices, line);) {
      const auto colon = line.find(':');
      if (colon == std::string::npos || line.find(tap) != colon - tap.size()) continue;
      std::istringstream columns(line.substr(colon + 1));
      std::uint64_t bytes = 0;
      for (int column = 0; column < 9; ++column) columns >> bytes;  // the ninth: bytes sent
      return bytes;
    }
    throw std::runtime_error("no interface " + tap);
  }

  /// Everybody who has the release.
  void kill_all_providers() {
    must(world().stop_publisher());
    for (std::size_t i = 0; i < world().providers(); ++i) {
      world().provider(i).signal(SIGKILL);
      (void)must(world().provider(i).wait(seconds(10)));
    }
  }

  /// Until the machine is about to jump; the number of the line behind its report.
  std::uint64_t await_jump(Machine& machine) {
    return must(machine.wait_for_line("PHASE-REPORT .*\"stage\":\"boot\"", minutes(5))).line + 1;
  }

  /// `plasmd fetch` on the network's router; everything that it wrote.
  std::string fetch_again() {
    const std::string out = scratch() + "/fetched";
    std::vector<std::string> argv{"plasmd", "fetch", "--trust", kit().public_key, "--channel",
                                  kChannel, "--arch", kArch, "--out", out, "--no-lan"};
    for (const std::string& node : world().bootstrap()) {
      argv.insert(argv.end(), {"--bootstrap", node});
    }
    must(shell().run(world().router().name, argv, minutes(4)));
    return out + "/" + release_name();
  }

  std::uint64_t version_ = 0;
};

TEST_F(HandOver, TheBootedNodeServesItsReleaseAfterEverybodyElseDied) {
  PowerOnChoice choice;
  choice.tap = must(world().network().add_tap("node0"));
  auto machine = must(world().power_on(kit(), choice));
  const auto jumped = await_jump(*machine);
  const std::uint64_t before = received_by(choice.tap);
  EXPECT_GT(before, std::uint64_t{20} << 20) << "the release itself was not counted";
  kill_all_providers();

  const auto init = must(machine->wait_for_line("init of Phase Boot.*role node", minutes(4), jumped));
  const auto began = steady_clock::now();
  (void)must(machine->wait_for_line("serving channel=.* version=" + std::to_string(version_),
                                    minutes(2), init.line));
  const auto took = std::chrono::duration<double>(steady_clock::now() - began);
  const std::uint64_t meanwhile = received_by(choice.tap) - before;
  std::cout << "serves " << took.count() << " s after its kernel's init; received "
            << meanwhile << " bytes meanwhile\n";
  EXPECT_LT(meanwhile, kTalk);
  EXPECT_TRUE(machine->lines_matching("\"handover\"").empty()) << "something was left out";
  (void)must(machine->wait_for_line("pointer stored .* nodes=[1-9]", minutes(1), init.line));

  const std::string fetched = fetch_again();

  must(shell().run("", {"diff", "-r", world().publisher_store() + "/releases/" + release_name(),
                        fetched}));
  EXPECT_TRUE(machine->lines_matching("fetched [0-9]+ bytes").empty()) << "it fetched its own release";
}

// The kernel takes at most half of the memory, and a system that has no room to work serves nobody.
TEST_F(HandOver, WhereMemoryIsShortTheReleaseIsLeftOutAndTheReportSaysSo) {
  PowerOnChoice choice;
  choice.memory_mib = 224;
  auto machine = must(world().power_on(kit(), choice));
  const auto boot = must(watch_boot(shell(), *machine, minutes(5)));

  EXPECT_EQ(boot.up.version, version_);
  EXPECT_THAT(machine->lines_matching("\"handover\":\"release left out: no room for its"),
              testing::SizeIs(2))
      << "both systems report it";
  // It is a provider all the same, of what it fetches.
  (void)must(machine->wait_for_line("serving channel=", minutes(3)));
}

}  // namespace
}  // namespace phase::sim
