#include "scene.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>

namespace phase::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
namespace fs = std::filesystem;

constexpr const char* kScratch = "/run/phase-sim";
constexpr auto kRefusalTimeout = minutes(4);

/// Shows everything where somebody asked for it.
class Log final : public Observer {
 public:
  void command(const std::string& host, const std::string& text) override {
    write(host + "$ " + text);
  }
  void output(const std::string& label, std::string_view line) override {
    write(label + " | " + std::string(line));
  }

 private:
  void write(const std::string& text) {
    if (!shown_) return;
    const std::lock_guard lock(mutex_);
    std::cerr << text << std::endl;
  }
  const bool shown_ = std::getenv("PHASE_VERBOSE") != nullptr;
  std::mutex mutex_;
};

ReleaseKit load_kit(const std::string& folder) {
  ReleaseKit kit = kit_in(folder);
  std::ifstream(folder + "/public-key") >> kit.public_key;
  kit.kernel = must(find_kernel(PHASE_KERNEL_PACKAGE, folder + "/kernel"));
  return kit;
}

}  // namespace

Shell& shell() {
  static Log log;
  static Shell shell = [] {
    const std::string logs = std::string(kScratch) + "/logs";
    fs::create_directories(logs);
    return Shell(own_folder(), logs, log);
  }();
  return shell;
}

const ReleaseKit& kit() {
  static const ReleaseKit made = [] {
    const char* given = std::getenv("PHASE_KIT");
    const std::string folder = given != nullptr ? given : std::string(kScratch) + "/kit";
    if (fs::exists(folder + "/public-key")) return load_kit(folder);
    fs::create_directories(folder);
    ReleaseKit kit = must(make_release_kit(shell(), PHASE_KERNEL_PACKAGE, folder));
    // Last: a kit is whole where this file is.
    std::ofstream(folder + "/public-key") << kit.public_key;
    return kit;
  }();
  return made;
}

void Scene::SetUp() {
  scratch_ = std::string(kScratch) + "/" +
             testing::UnitTest::GetInstance()->current_test_info()->name();
  fs::create_directories(scratch_);
  (void)kit();
  world_ = must(World::create(shell(), scratch_));
}

std::uint64_t Scene::publish(const PublishChoice& choice) {
  const auto version = must(world().publish(kit(), choice));
  must(world().start_publisher());
  const auto line = must(world().publisher()->wait_for_line("^serving .*name=(\\S+)", seconds(1)));
  release_name_ = line.groups.at(1);
  return version;
}

Process& Scene::start_altering_provider(const std::string& file) {
  const std::string store = world().publisher_store();
  Process* provider = must(world().start_provider(
      {"phase-altering-provider", "--torrent", store + "/torrents/" + release_name_ + ".torrent",
       "--folder", store + "/releases", "--listen",
       world().provider_address(world().providers()) + ":6881", "--bootstrap",
       world().bootstrap().front(), "--alter", file}));
  (void)must(provider->wait_for_line("^announced", minutes(1)));
  return *provider;
}

std::uint64_t Scene::altered_bytes_sent(Process& provider) {
  (void)provider.stop(seconds(10));
  const auto lines = provider.lines_matching("^altered-bytes-sent [0-9]+$");
  if (lines.empty()) throw std::runtime_error("it counted nothing:\n" + provider.last_lines(20));
  return std::stoull(lines.back().substr(lines.back().find(' ') + 1));
}

std::unique_ptr<Machine> Scene::power_on_once(PowerOnChoice choice) {
  choice.more_command_line += " phase.onfail=poweroff";
  return must(world().power_on(kit(), choice));
}

MachineReport Scene::refusal(const PowerOnChoice& choice) {
  auto machine = power_on_once(choice);
  auto report = must(watch_first_report(shell(), *machine, kRefusalTimeout));
  expect_refused(*machine, report);
  return report;
}

void Scene::expect_refused(Machine& machine, const MachineReport& report) {
  EXPECT_EQ(report.stage, "failed");
  const auto end = must(machine.wait_for_end(minutes(1)));
  EXPECT_TRUE(end.success()) << end.text() << "\n" << machine.last_lines(30);
  EXPECT_EQ(machine.lines_matching("Linux version ").size(), 1u)
      << "another kernel was started:\n" << machine.last_lines(60);
}

}  // namespace phase::sim
