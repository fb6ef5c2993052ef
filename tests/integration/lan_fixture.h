// tests/integration/lan_fixture.h
// A link with hosts on it (network namespaces); on some of them a bus and an avahi-daemon of their
// own; our nodes (phase-lan-node) and somebody else's programs.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/command.h"
#include "sim/network.h"
#include "sim/process.h"

namespace phase::lan_test {

using sim::Host;
using sim::Process;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Running = std::unique_ptr<Process>;

class LanTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  Host host(const std::string& name);  ///< The next address of 10.77.0.0/16.
  /// A bus for `host`; its programs find it from then on.
  void start_bus(const Host& host);
  Running start_daemon(const Host& host);

  /// phase-lan-node, with further options.
  Running node(const Host& host, const std::vector<std::string>& options);
  /// A program of somebody else's.
  Running run(const Host& host, const std::vector<std::string>& argv);

  /// Returns once `host` has heard no mDNS packet for a second and a half.
  void wait_for_silence(const Host& host);

  std::unique_ptr<sim::Network> network_;
  std::string scratch_;

 private:
  [[nodiscard]] std::vector<std::string> environment(const Host& host) const;
  int hosts_ = 0;
  std::map<std::string, Running> buses_;
};

/// The line, or the failure with the last lines of `process`. From line `from` on.
std::string expect_line(Process& process, const std::string& pattern, milliseconds timeout,
                        std::uint64_t from = 0);
/// Milliseconds at the beginning of a line of phase-lan-node; -1 where there are none.
long ms_of(const std::string& line);
/// The number of the next line, to look only behind it.
std::uint64_t lines_so_far(Process& process);

}  // namespace phase::lan_test
