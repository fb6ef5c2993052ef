// sim/demo_view.h
// What the demo shows while it runs: steps, the commands as a person would type them, what the
// programs and the machine's console say, and the tables at the end. One writer to stdout.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/machine_report.h"
#include "sim/shell.h"

namespace phase::sim {

class DemoView final : public Observer {
 public:
  /// `verbose`: what the programs on hosts print is shown too, not only the machine's console.
  explicit DemoView(bool verbose);

  void step(const std::string& title) override;
  void command(const std::string& host, const std::string& command_line) override;
  void output(const std::string& label, std::string_view line) override;
  void waiting(const std::string& what, std::chrono::seconds so_far) override;
  /// A line of the demo's own.
  void say(const std::string& text);

  /// Ends the step before and remembers how long it took; steps() has all so far.
  [[nodiscard]] std::vector<std::pair<std::string, double>> steps();

 private:
  void end_step();
  void write(const std::string& text);  // With mutex_ held.
  const bool verbose_;
  const std::chrono::steady_clock::time_point begin_;
  std::mutex mutex_;
  std::string step_;
  std::chrono::steady_clock::time_point step_begin_;
  int step_number_ = 0;
  std::vector<std::pair<std::string, double>> steps_;
};

/// Escape sequences and control characters taken out: a console may send anything.
[[nodiscard]] std::string printable(std::string_view untrusted);

/// The tables: seconds of each stage, bytes by source, what was refused.
[[nodiscard]] std::string demo_table(const std::vector<std::pair<std::string, double>>& steps,
                                     const MachineReport& report);

}  // namespace phase::sim
