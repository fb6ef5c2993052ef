#include "sim/command.h"

#include "sim/process.h"

namespace phase::sim {

std::string command_line(const std::vector<std::string>& argv) {
  std::string text;
  for (const auto& argument : argv) {
    if (!text.empty()) text += ' ';
    const bool plain = !argument.empty() &&
                       argument.find_first_of(" \t\n\"'\\$&|;<>()*?#~`") == std::string::npos;
    if (plain) {
      text += argument;
      continue;
    }
    text += '\'';
    for (const char c : argument) {
      if (c == '\'') {
        text += "'\\''";
      } else {
        text += c;
      }
    }
    text += '\'';
  }
  return text;
}

Result<std::string> run_command(const std::vector<std::string>& argv, const std::string& netns,
                                std::chrono::milliseconds timeout) {
  ProcessOptions options;
  options.argv = argv;
  options.netns = netns;
  std::string output;
  options.on_line = [&output](std::string_view line) {
    output += line;
    output += '\n';
  };
  auto process = Process::start(std::move(options));
  if (!process) return process.error();
  auto status = (*process)->wait(timeout);
  if (!status) return status.error();
  if (!status->success()) {
    return Error{ErrorCode::kInternal, command_line(argv) + ": " + status->text() + "\n" +
                                           (*process)->last_lines(20)};
  }
  return output;
}

Result<void> run_commands(const std::vector<std::vector<std::string>>& commands,
                          const std::string& netns) {
  for (const auto& argv : commands) {
    auto done = run_command(argv, netns);
    if (!done) return done.error();
  }
  return {};
}

}  // namespace phase::sim
