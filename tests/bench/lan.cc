// What a node on the link is worth: from a DHCP lease to a verified manifest, nothing known before.
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "proto/trust.h"
#include "sim/command.h"
#include "sim/world.h"
#include "tests/bench/bench.h"
#include "tests/bench/small_release.h"

namespace phase::bench {
namespace {

using std::chrono::minutes;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kResponderPause{1500};

/// When each line came.
struct Moments {
  std::mutex mutex;
  Clock::time_point leased, pointer, manifest;

  void take(std::string_view line) {
    const std::lock_guard lock(mutex);
    const auto now = Clock::now();
    if (line == "leased") leased = now;
    else if (line.find("pointer: version") != std::string_view::npos) pointer = now;
    else if (line.find("manifest: version") != std::string_view::npos) manifest = now;
  }
};

double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

/// Sets the address and nothing else; udhcpc calls it with the lease in its environment.
void write_lease_script(const std::string& path) {
  std::ofstream(path) << "#!/bin/sh\n[ \"$1\" = bound ] || exit 0\n"
                         "ip addr add \"$ip/24\" dev \"$interface\"\n";
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
}

}  // namespace

void run_lan(Bench& bench) {
  sim::Shell& shell = bench.shell;
  const std::string& folder = bench.scratch;
  auto world = must(sim::World::create(shell, folder));
  const sim::ReleaseKit kit = make_small_release(shell, folder, 1 << 20);
  (void)must(world->publish(kit));
  const sim::Lan lan = must(world->add_lan("home"));
  (void)must(world->start_lan_node(lan, "near", 10));
  const auto client = must(world->network().add_host(lan, "client", 20));
  write_lease_script(folder + "/lease");
  std::ofstream(folder + "/trust.toml")
      << serialize_trust_file(trust_single_key(must(parse_public_key(kit.public_key))));

  std::vector<double> pointer, manifest;
  for (int i = 0; i < bench.runs; ++i) {
    // A responder repeats nothing within a second (RFC 6762, 6): each run is the first to ask.
    std::this_thread::sleep_for(kResponderPause);
    must(sim::run_commands({{"ip", "-n", client.name, "addr", "flush", "dev", "eth0"}}));
    const std::string out = folder + "/out" + std::to_string(i);
    std::filesystem::create_directories(out);
    auto moments = std::make_shared<Moments>();
    sim::ProcessOptions options;
    options.netns = client.name;
    options.argv = {"sh", "-c",
                    "busybox udhcpc -i eth0 -n -q -f -T 1 -t 8 -s " + folder +
                        "/lease >/dev/null 2>&1 && echo leased && exec " + sim::own_folder() +
                        "/phase-net --trust " + folder + "/trust.toml --folder " + out +
                        " --channel stable --arch x86_64 --mode local"};
    options.on_line = [moments](std::string_view line) { moments->take(line); };
    auto boot = must(sim::Process::start(std::move(options)));
    (void)must(boot->wait_for_line("manifest: version", minutes(1)));
    (void)must(boot->wait(minutes(1)));
    const std::lock_guard lock(moments->mutex);
    pointer.push_back(seconds_between(moments->leased, moments->pointer));
    manifest.push_back(seconds_between(moments->leased, moments->manifest));
  }
  std::printf("\nNative, one node on the link, mode local, nothing known before\n%-44s %8s %8s\n",
              "seconds", "median", "largest");
  std::printf("%-44s %8.3f %8.3f\n", "lease to verified pointer", median(pointer), largest(pointer));
  std::printf("%-44s %8.3f %8.3f\n", "  and to the verified manifest", median(manifest),
              largest(manifest));
}

}  // namespace phase::bench
