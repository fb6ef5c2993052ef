#include "sim/shell.h"

#include <algorithm>
#include <filesystem>

#include "sim/command.h"

namespace phase::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
constexpr milliseconds kSlice = seconds(1);

/// Calls `wait(slice)` until it answers anything but kTimeout or the time is over.
template <class Wait>
auto in_slices(Observer& observer, const std::string& what, milliseconds timeout, Wait wait) {
  const auto begin = steady_clock::now();
  for (;;) {
    const auto so_far = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
    const auto slice = std::max(milliseconds(1), std::min(kSlice, timeout - so_far));
    auto result = wait(slice);
    const bool timed_out = !result.ok() && result.error().code == ErrorCode::kTimeout;
    const auto waited = steady_clock::now() - begin;
    if (!timed_out || waited >= timeout) return result;
    observer.waiting(what, std::chrono::duration_cast<seconds>(waited));
  }
}

}  // namespace

std::string own_folder() {
  // Once: in a later mount namespace the kernel may not know the way there any more.
  static const std::string folder = [] {
    std::error_code error;
    return std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
  }();
  return folder;
}

Shell::Shell(std::string programs, std::string logs, Observer& observer)
    : programs_(std::move(programs)), logs_(std::move(logs)), observer_(observer) {}

ProcessOptions Shell::options(const std::string& host, std::vector<std::string> argv) {
  observer_.command(host, command_line(argv));
  ProcessOptions options;
  options.netns = host;
  const std::string label = host.empty() ? argv.front() : host;
  options.log_file = logs_ + "/" + std::filesystem::path(label).filename().string() + ".log";
  options.on_line = [this, label](std::string_view line) { observer_.output(label, line); };
  const std::string ours = programs_ + "/" + argv.front();
  std::error_code error;
  if (std::filesystem::exists(ours, error)) argv.front() = ours;
  options.argv = std::move(argv);
  return options;
}

Result<std::string> Shell::run(const std::string& host, const std::vector<std::string>& argv,
                               milliseconds timeout) {
  auto prepared = options(host, argv);
  std::string text;
  prepared.on_line = [&text, observe = prepared.on_line](std::string_view line) {
    observe(line);
    text.append(line).push_back('\n');
  };
  auto process = Process::start(std::move(prepared));
  if (!process) return process.error();
  auto ended = await_end(**process, argv.front() + " is done", timeout);
  if (!ended) return ended.error();
  return text;
}

Result<std::unique_ptr<Process>> Shell::start(const std::string& host,
                                              const std::vector<std::string>& argv) {
  return Process::start(options(host, argv));
}

Result<LineMatch> Shell::await(Process& process, const std::string& pattern,
                               const std::string& what, milliseconds timeout,
                               std::uint64_t from) {
  return in_slices(observer_, what, timeout, [&](milliseconds slice) {
    return process.wait_for_line(pattern, slice, from);
  });
}

Result<void> Shell::await_end(Process& process, const std::string& what, milliseconds timeout) {
  auto status = in_slices(observer_, what, timeout,
                          [&](milliseconds slice) { return process.wait(slice); });
  if (!status) return status.error();
  if (status->success()) return {};
  return Error{ErrorCode::kInternal,
               process.name() + ": " + status->text() + "\n" + process.last_lines(20)};
}

}  // namespace phase::sim
