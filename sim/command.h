// sim/command.h
// Runs a program that ends soon (ip, tc, dpkg-deb, …) and takes what it printed.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "proto/result.h"

namespace phase::sim {

/// `argv` as a person would type it.
[[nodiscard]] std::string command_line(const std::vector<std::string>& argv);

/// Its stdout. kInternal with the command line and the last lines that it printed where it ends
/// with another status than 0; kTimeout where it does not end in time (it is killed then).
/// `netns` is the network namespace to run in; empty: this process's.
Result<std::string> run_command(const std::vector<std::string>& argv,
                                const std::string& netns = {},
                                std::chrono::milliseconds timeout = std::chrono::seconds(60));

/// Runs each to its end, one after the other, until one fails.
Result<void> run_commands(const std::vector<std::vector<std::string>>& commands,
                          const std::string& netns = {});

}  // namespace phase::sim
