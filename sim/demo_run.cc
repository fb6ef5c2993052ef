#include "sim/demo_run.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <regex>
#include <set>

#include "sim/boot_watch.h"
#include "sim/world.h"

namespace phase::sim {
namespace {

using std::chrono::minutes;

constexpr std::size_t kProviders = 2;
// Under emulation on a busy computer; a machine with KVM needs a tenth of it.
constexpr auto kBootTimeout = minutes(5);

Result<void> make_folders(const Sandbox& sandbox) {
  for (const char* name : {"/logs", "/kit"}) {
    if (::mkdir((sandbox.scratch + name).c_str(), 0755) != 0) {
      return Error{ErrorCode::kStore, sandbox.scratch + name + ": cannot be made"};
    }
  }
  return {};
}

Result<void> boot_machine(World& world, const ReleaseKit& kit, std::uint64_t version,
                          const DemoOptions& options, DemoView& view,
                          std::unique_ptr<Machine>& machine) {
  view.step("switch a machine on that knows a key and a way into the DHT, and no provider");
  view.say(kvm_works() ? "QEMU with KVM" : "QEMU, software emulation (no KVM here)");
  PowerOnChoice choice;
  choice.memory_mib = options.memory_mib;
  auto on = world.power_on(kit, choice);
  if (!on) return on.error();
  machine = std::move(*on);
  auto boot = watch_boot(world.shell(), *machine, kBootTimeout);
  if (!boot) return boot.error();

  auto steps = view.steps();
  steps.emplace_back("  of it: power on to the jump into the published kernel",
                     boot->seconds_to_jump);
  steps.emplace_back("  of it: jump to the published system's report",
                     boot->seconds_to_up - boot->seconds_to_jump);
  std::fputs(demo_table(steps, boot->before).c_str(), stdout);
  auto checked = check_boot(*boot, version, kit.public_key);
  if (!checked) return checked.error();
  if (boot->before.sources.size() < kProviders) {
    return Error{ErrorCode::kInternal, "the machine fetched from " +
                                           std::to_string(boot->before.sources.size()) +
                                           " provider, two were there"};
  }
  std::printf("\nThe machine runs version %llu, signed by %s.\nIts command line: %s\n",
              static_cast<unsigned long long>(boot->up.version), boot->up.key.c_str(),
              boot->second_command_line.c_str());
  return {};
}

Result<void> fetch_by_process(World& world, const ReleaseKit& kit, std::uint64_t version,
                              DemoView& view) {
  view.step("fetch the release as a machine would, by a process");
  auto host = world.network().add_host("client", "10.77.4.1");
  if (!host) return host.error();
  std::vector<std::string> argv = {"plasmd", "fetch", "--trust", kit.public_key, "--channel",
                                   kChannel, "--arch", kArch, "--out",
                                   world.scratch() + "/fetched"};
  for (const auto& node : world.bootstrap()) argv.insert(argv.end(), {"--bootstrap", node});
  auto printed = world.shell().run(host->name, argv, minutes(1));
  if (!printed) return printed.error();
  const std::string expected = "version=" + std::to_string(version) + " ";
  if (printed->find("fetched channel=") == std::string::npos ||
      printed->find(expected) == std::string::npos) {
    return Error{ErrorCode::kInternal, "plasmd fetch says: " + *printed};
  }
  const std::regex source("\\n *(\\S+) +([0-9]+) bytes, found by (\\w+)");
  std::set<std::string> sources;
  for (std::sregex_iterator it(printed->begin(), printed->end(), source), end; it != end; ++it) {
    if ((*it)[3] != "dht") {
      return Error{ErrorCode::kInternal, "source " + (*it)[1].str() + " was learned by " +
                                             (*it)[3].str() + ", not by get_peers in the DHT"};
    }
    sources.insert((*it)[1]);
  }
  if (sources.empty()) {
    return Error{ErrorCode::kInternal, "plasmd fetch names no source: " + *printed};
  }
  std::fputs(demo_table(view.steps(), {}).c_str(), stdout);
  std::printf("\n%s", printed->c_str());
  return {};
}

void stay(const Sandbox& sandbox, const Shell& shell) {
  std::printf("\nEverything is left running. Look around, with the logs in %s:\n"
              "  sudo nsenter --target %d --all bash     # then e.g.: ip netns exec provider1 ss -tulpn\n"
              "Stop it with Ctrl-C, or from elsewhere:\n"
              "  sudo kill -KILL %d\n",
              shell.logs().c_str(), sandbox.first_process, sandbox.first_process);
  std::fflush(stdout);
  for (;;) ::pause();
}

}  // namespace

Result<void> run_demo(const Sandbox& sandbox, const DemoOptions& options, DemoView& view) {
  auto folders = make_folders(sandbox);
  if (!folders) return folders.error();
  Shell shell(own_folder(), sandbox.scratch + "/logs", view);

  view.step("start a private DHT of " + std::to_string(kPlainDhtNodes) +
            " plain nodes, none of them a provider");
  auto created = World::create(shell, sandbox.scratch);
  if (!created) return created.error();
  World& world = **created;

  view.step("make a key, two initramfs and a release; publish it");
  auto kit = make_release_kit(shell, options.kernel_package, sandbox.scratch + "/kit");
  if (!kit) return kit.error();
  auto version = world.publish(*kit);
  if (!version) return version.error();
  auto publisher = world.start_publisher();
  if (!publisher) return publisher.error();

  view.step("start two providers that know nothing but the publisher's key");
  for (std::size_t i = 0; i < kProviders; ++i) {
    auto follower = world.start_follower(kit->public_key);
    if (!follower) return follower.error();
  }
  auto ready = world.await_followers(*version);
  if (!ready) return ready.error();

  view.step("stop the publisher");
  auto stopped = world.stop_publisher();
  if (!stopped) return stopped.error();
  view.say("the publisher is dead, its cable pulled");

  std::unique_ptr<Machine> machine;
  auto shown = options.machine
                   ? boot_machine(world, *kit, *version, options, view, machine)
                   : fetch_by_process(world, *kit, *version, view);
  if (!shown && machine) {
    std::fprintf(stderr, "the last lines of the console:\n%s", machine->last_lines(30).c_str());
  }
  if (options.keep) {
    if (!shown) std::fprintf(stderr, "phase-demo: %s\n", shown.error().detail.c_str());
    stay(sandbox, shell);
  }
  return shown;
}

}  // namespace phase::sim
