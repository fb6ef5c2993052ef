// phase-sim: runs scenarios of hosts, links and faults in networks of their own, judges what it saw,
// and writes reports (docs/SCENARIOS.md).
//
// Exit status: 0 everything held; 100 the run went through, and something did not hold; 4 it was
// interrupted; else the run broke, with the code of docs/EXIT-CODES.md.
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <random>
#include <vector>

#include "sim/guarded_main.h"
#include "sim/sandbox.h"
#include "sim/scenario/judge.h"
#include "sim/scenario/runner.h"
#include "sim/scenario/schedule.h"
#include "sim/scenario/verbs.h"

namespace phase::sim {
namespace {

namespace fs = std::filesystem;

constexpr int kHeld = 0, kDidNotHold = 100;
constexpr int kInterrupted = exit_code(ErrorCode::kCancelled);
constexpr const char* kShortEnding = "-short";

struct Arguments {
  std::vector<std::string> scenarios;
  std::string report, folder, kernel_package, kit;
  std::uint64_t rng_seed = 0;
  unsigned machines = 0;
  bool all = false, only_short = false, keep = false;
};

int fail(const Error& error) {
  std::fprintf(stderr, "phase-sim: %s\n", error.detail.c_str());
  return exit_code(error.code);
}

/// A file, or the name of a shipped scenario.
std::string file_of(const std::string& text) {
  std::error_code error;
  const std::string shipped = std::string(PHASE_SCENARIOS) + "/" + text + ".toml";
  const bool is_name = text.find('/') == std::string::npos && !fs::exists(text, error);
  return is_name && fs::exists(shipped, error) ? shipped : fs::absolute(text, error).string();
}

Result<void> make_report_folder(const std::string& folder) {
  // The simulation has a /run of its own: what it wrote there would be gone with it.
  if (folder.starts_with("/run/") || folder.starts_with("/proc/")) {
    return {ErrorCode::kUsage, folder + ": a report cannot lie in /run; name another folder"};
  }
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return {ErrorCode::kStore, folder + ": " + error.message()};
  return {};
}

/// `count` of the groups of QEMU machines.
Result<void> set_machines(Scenario& scenario, unsigned count) {
  bool any = false;
  for (HostChoice& host : scenario.hosts) {
    if (host.kind != HostKind::kQemu || host.role != HostRole::kMachine || host.count < 2) continue;
    host.count = count;
    any = true;
  }
  if (any) return {};
  return {ErrorCode::kUsage, "--machines: " + scenario.name + " has no group of QEMU machines"};
}

void print_verdicts(const RunRecord& record) {
  for (const Verdict& verdict : record.verdicts) {
    const char* word = verdict.reported ? (verdict.holds ? "(holds)" : "(not held)")
                                        : (verdict.holds ? "holds" : "FAILS");
    std::printf("  %-10s %s: %s\n", word, verdict.expectation.c_str(), verdict.found.c_str());
  }
}

void stay(const Sandbox& sandbox) {
  std::printf("everything is left running; look around:\n"
              "  sudo nsenter --target %d --all bash     # then e.g.: ip netns list; logs in %s/logs\n"
              "Ctrl-C ends it\n",
              sandbox.first_process, sandbox.scratch.c_str());
  std::fflush(stdout);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, number);
  int number = 0;
  (void)::sigwait(&signals, &number);
}

int finish(RunRecord& record, const Scenario& scenario, const Arguments& arguments,
           const Sandbox& sandbox, const std::string& file) {
  record.replay = replay_command(file, record.rng_seed, arguments.report);
  record.verdicts = judge(scenario, record);
  const bool held = all_held(record);
  auto written = write_report(record, file, arguments.report);
  if (!held) {
    std::error_code error;
    fs::remove_all(arguments.report + "/logs", error);
    fs::copy(sandbox.scratch + "/logs", arguments.report + "/logs", fs::copy_options::recursive, error);
  }
  print_verdicts(record);
  if (!record.error.empty()) std::printf("  the run broke: %s\n", record.error.c_str());
  if (record.interrupted) std::printf("  interrupted: what was seen until then is in the report\n");
  std::printf("%s %s: %s/%s\n  again: %s\n", record.scenario.c_str(), held ? "held" : "did not hold",
              arguments.report.c_str(), kPageFile, record.replay.c_str());
  std::fflush(stdout);
  if (!written) return fail(written.error());
  if (record.interrupted) return kInterrupted;
  if (!record.error.empty()) return exit_code(ErrorCode::kInternal);
  return held ? kHeld : kDidNotHold;
}

int run_one(const Arguments& arguments, const std::string& file) {
  auto scenario = read_scenario_file(file);
  if (!scenario) return fail(scenario.error());
  if (arguments.machines != 0) {
    if (auto set = set_machines(*scenario, arguments.machines); !set) return fail(set.error());
  }
  if (auto made = make_report_folder(arguments.report); !made) return fail(made.error());
  RunOptions options;
  options.rng_seed = arguments.rng_seed != 0 ? arguments.rng_seed : std::random_device{}();
  options.kernel = {arguments.kernel_package, arguments.kit};
  const auto begun = std::chrono::steady_clock::now();
  options.say = [begun](const std::string& text) {
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begun;
    std::printf("%7.1f s  %s\n", seconds.count(), text.c_str());
    std::fflush(stdout);
  };
  std::printf("%s: %s (rng seed %llu)\n", scenario->name.c_str(), scenario->title.c_str(),
              static_cast<unsigned long long>(options.rng_seed));
  std::fflush(stdout);
  auto sandbox = enter_sandbox();
  if (!sandbox) return fail(sandbox.error());
  // Ctrl-C on a terminal goes to a whole process group: the programs inside are to live until what
  // was seen is written down.
  ::setsid();
  if (arguments.keep) options.before_end = [&] { stay(*sandbox); };
  RunRecord record = run_scenario(*scenario, options, *sandbox);
  return finish(record, *scenario, arguments, *sandbox, file);
}

/// In a process of its own, for a sandbox of its own.
int run_apart(const Arguments& arguments, const std::string& file) {
  const std::string name = fs::path(file).stem().string();
  std::vector<std::string> argv = {"/proc/self/exe", "run", file, "--report", arguments.report + "/" + name,
                                   "--kernel-package", arguments.kernel_package, "--kit", arguments.kit};
  if (arguments.rng_seed != 0) {
    argv.insert(argv.end(), {"--rng-seed", std::to_string(arguments.rng_seed)});
  }
  std::vector<char*> pointers;
  for (auto& text : argv) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::execv(pointers.front(), pointers.data());
    std::fprintf(stderr, "phase-sim: %s\n", std::strerror(errno));
    ::_exit(exit_code(ErrorCode::kInternal));
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Result<std::vector<std::string>> files_of(const Arguments& arguments) {
  std::vector<std::string> files;
  for (const auto& text : arguments.scenarios) files.push_back(file_of(text));
  if (arguments.all || arguments.only_short) {
    auto listed = list_scenarios(PHASE_SCENARIOS);
    if (!listed) return listed.error();
    for (const auto& one : *listed) {
      if (one.name.ends_with(kShortEnding) == arguments.only_short) files.push_back(one.path);
    }
  }
  if (files.empty()) return Error{ErrorCode::kUsage, "name a scenario, or give --all or --short"};
  return files;
}

int run(Arguments arguments) {
  std::error_code error;
  const auto files = files_of(arguments);
  if (!files) return fail(files.error());
  const bool many = arguments.all || arguments.only_short || files->size() > 1;
  if (arguments.report.empty()) {
    arguments.report = "phase-sim-report";
    if (!many) arguments.report += "/" + fs::path(files->front()).stem().string();
  }
  arguments.report = fs::absolute(arguments.report, error).string();
  if (!many) return run_one(arguments, files->front());
  int worst = kHeld;
  std::vector<std::pair<std::string, int>> outcomes;
  for (const auto& file : *files) {
    const int status = run_apart(arguments, file);
    outcomes.emplace_back(fs::path(file).stem().string(), status);
    worst = std::max(worst, status);
    if (status == kInterrupted) break;
  }
  std::printf("\n");
  for (const auto& [name, status] : outcomes) {
    std::printf("%-24s %s\n", name.c_str(), status == kHeld          ? "held"
                                            : status == kDidNotHold  ? "DID NOT HOLD"
                                            : status == kInterrupted ? "interrupted"
                                                                     : "BROKE");
  }
  return worst;
}

int replay(Arguments arguments) {
  auto record = read_record(arguments.folder);
  if (!record) return fail(record.error());
  std::error_code error;
  arguments.rng_seed = record->rng_seed;
  if (arguments.report.empty()) arguments.report = arguments.folder + "/replay";
  arguments.report = fs::absolute(arguments.report, error).string();
  // The scenario's name is its file's: a copy is called as the first one was.
  const std::string file = arguments.report + "/" + record->scenario + ".toml";
  if (auto made = make_report_folder(arguments.report); !made) return fail(made.error());
  fs::copy_file(arguments.folder + "/" + kScenarioCopy, file, fs::copy_options::overwrite_existing, error);
  if (error) return fail({ErrorCode::kStore, file + ": " + error.message()});
  return run_one(arguments, file);
}

int list(const Arguments& arguments) {
  auto listed = list_scenarios(arguments.folder.empty() ? PHASE_SCENARIOS : arguments.folder);
  if (!listed) return fail(listed.error());
  int status = 0;
  for (const auto& one : *listed) {
    std::printf("%-24s %s\n", one.name.c_str(), one.title.c_str());
    if (!one.readable) status = exit_code(ErrorCode::kConfig);
  }
  return status;
}

int report(const Arguments& arguments) {
  auto record = remake_page(arguments.folder);
  if (!record) return fail(record.error());
  print_verdicts(*record);
  std::printf("%s/%s\n", arguments.folder.c_str(), kPageFile);
  return all_held(*record) ? kHeld : kDidNotHold;
}

void add_run_options(CLI::App& verb, Arguments& arguments) {
  verb.add_option("--report", arguments.report, "Folder for run.json and index.html; several scenarios: "
                  "a folder in it for each; default: phase-sim-report/");
  verb.add_option("--kernel-package", arguments.kernel_package,
                  "Debian package of the kernel that QEMU machines boot (deploy/get-kernel.sh downloads it)")
      ->envname("PHASE_KERNEL_PACKAGE");
  verb.add_option("--kit", arguments.kit, "Folder with key and initramfs made of it before")
      ->envname("PHASE_KIT");
  verb.add_flag("--keep", arguments.keep, "Leave everything running at the end, until Ctrl-C");
}

int start(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Runs scenarios of hosts, links and faults in networks of their own", "phase-sim");
  app.require_subcommand(1);
  CLI::App* list_verb = app.add_subcommand("list", "Scenario files and what each one shows");
  list_verb->add_option("DIR", arguments.folder, "Default: the shipped ones");
  CLI::App* run_verb = app.add_subcommand("run", "Runs scenarios and writes their reports; needs root");
  run_verb->add_option("SCENARIO", arguments.scenarios, "A file, or the name of a shipped one; several");
  run_verb->add_flag("--all", arguments.all, "All shipped ones but the short ones");
  run_verb->add_flag("--short", arguments.only_short, "All shipped short ones")->excludes("--all");
  run_verb->add_option("--rng-seed,--seed", arguments.rng_seed, "Where chance begins; drawn where it is not given");
  run_verb->add_option("--machines", arguments.machines, "How many QEMU machines a group of them has");
  add_run_options(*run_verb, arguments);
  CLI::App* replay_verb = app.add_subcommand("replay", "Runs a report's scenario again, with the same choices of chance");
  replay_verb->add_option("DIR", arguments.folder, "Report of the first run")->required();
  add_run_options(*replay_verb, arguments);
  CLI::App* report_verb = app.add_subcommand("report", "Makes index.html again from run.json");
  report_verb->add_option("DIR", arguments.folder, "Report of a run")->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : exit_code(ErrorCode::kUsage);
  }
  if (list_verb->parsed()) return list(arguments);
  if (run_verb->parsed()) return run(arguments);
  if (replay_verb->parsed()) return replay(arguments);
  return report(arguments);
}

}  // namespace
}  // namespace phase::sim

int main(int argc, char** argv) { return phase::sim::guarded_main(argc, argv, phase::sim::start); }
