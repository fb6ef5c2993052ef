#include "sim/boot_watch.h"

#include <algorithm>

namespace phase::sim {
namespace {

using std::chrono::duration;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* kReport = "PHASE-REPORT \\{.*\"stage\":\"(boot|up|failed)\".*\\}";

/// The next report that can be read, and the number of the line behind it.
struct NextReport {
  MachineReport report;
  std::uint64_t behind = 0;
};

Result<NextReport> next_report(Shell& shell, Machine& machine, const std::string& what,
                               milliseconds timeout, std::uint64_t from) {
  const auto deadline = steady_clock::now() + timeout;
  for (;;) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
    auto line = shell.await(machine.console(), kReport, what, std::max(left, milliseconds(0)), from);
    if (!line) return line.error();
    from = line->line + 1;
    auto report = parse_machine_report(line->groups.at(0));
    if (report) return NextReport{*report, from};
  }
}

Error failure(const MachineReport& report) {
  return {ErrorCode::kCancelled, "the machine refused: " + report.error + ": " + report.detail};
}

}  // namespace

Result<WatchedBoot> watch_boot(Shell& shell, Machine& machine, milliseconds timeout) {
  const auto begin = steady_clock::now();
  const auto so_far = [&] { return duration<double>(steady_clock::now() - begin).count(); };
  WatchedBoot boot;
  auto jump = next_report(shell, machine, "the machine finds and fetches its release", timeout, 0);
  if (!jump) return jump.error();
  if (jump->report.stage != "boot") return failure(jump->report);
  boot.before = jump->report;
  boot.seconds_to_jump = so_far();

  const auto left = [&] {
    return std::max(milliseconds(1000), timeout - std::chrono::duration_cast<milliseconds>(
                                                      steady_clock::now() - begin));
  };
  // A kernel log that starts again, at its first line.
  auto fresh = shell.await(machine.console(), "\\[ +0\\.0+\\] Linux version ",
                           "the published kernel starts", left(), jump->behind);
  if (!fresh) return fresh.error();
  auto words = shell.await(machine.console(), "\\[ +0\\.0+\\] Command line: (.*)$",
                           "the published kernel starts", left(), fresh->line);
  if (!words) return words.error();
  boot.second_command_line = words->groups.at(1);
  auto up = next_report(shell, machine, "the published system comes up", left(), words->line);
  if (!up) return up.error();
  if (up->report.stage != "up") return failure(up->report);
  boot.up = up->report;
  boot.seconds_to_up = so_far();
  return boot;
}

Result<MachineReport> watch_first_report(Shell& shell, Machine& machine, milliseconds timeout) {
  auto report = next_report(shell, machine, "the machine boots or refuses", timeout, 0);
  if (!report) return report.error();
  return report->report;
}

Result<void> check_boot(const WatchedBoot& boot, std::uint64_t version,
                        const std::string& public_key) {
  const auto wrong = [](std::string text) { return Error{ErrorCode::kInternal, std::move(text)}; };
  if (!boot.up.ok) return wrong("the second system does not report success");
  if (boot.up.version != version) {
    return wrong("the second system reports version " + std::to_string(boot.up.version) +
                 ", published was " + std::to_string(version));
  }
  if (boot.up.key != public_key) {
    return wrong("the second system reports key " + boot.up.key + ", published was " + public_key);
  }
  if (boot.before.sources.empty()) return wrong("the machine names no source of its bytes");
  for (const auto& source : boot.before.sources) {
    if (source.how != "dht") {
      return wrong("source " + source.peer + " was learned by " + source.how +
                   ", not by get_peers in the DHT");
    }
  }
  return {};
}

}  // namespace phase::sim
