#include "boot/machine/console.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <climits>
#include <cstdlib>

#include "boot/machine/kmsg.h"

namespace phase::boot {
namespace {

constexpr auto kPlainProgressEvery = std::chrono::seconds(1);
constexpr auto kLoggedProgressEvery = std::chrono::seconds(10);

std::string read_small(const std::string& path) {
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 1024> text;
  const auto got = file.valid() ? read(file.get(), text.data(), text.size()) : -1;
  return got > 0 ? std::string(text.data(), static_cast<std::size_t>(got)) : std::string();
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// kernel/printk/printk.c, console_setup(): "0" is ttyS0, a name without a number has number 0.
std::string device_of(const std::string& console) {
  std::string name = console.substr(0, console.find(','));
  if (name.empty() || name == "null" || name.find('/') != std::string::npos) return {};
  if (is_digit(name.front())) name = "ttyS" + name;
  if (!is_digit(name.back())) name += '0';
  return name;
}

// A screen (tty0, tty1, …), where a carriage return rewrites the line for whoever looks at it.
// A serial console is often recorded, and each rewrite would stay.
bool is_screen(const std::string& name) {
  return name.size() > 3 && name.starts_with("tty") && is_digit(name[3]);
}

}  // namespace

struct Console::Sink {
  std::string name;
  Fd fd;
  dev_t device = 0;
  bool kernels = false;  // The kernel prints its log there too.
  bool screen = false;
  bool in_progress = false;
  bool shown_progress = false;
  MonoTime last_progress{};
  std::string pending;
  std::size_t lost = 0;  // Lines that did not fit.

  // What a console does not take now waits; only errors that mean "gone" close it.
  void drain() {
    while (fd.valid() && !pending.empty()) {
      const auto put = write(fd.get(), pending.data(), pending.size());
      if (put < 0 && errno == EINTR) continue;
      if (put < 0 && errno != EAGAIN) fd.reset();
      if (put <= 0) return;
      pending.erase(0, static_cast<std::size_t>(put));
    }
  }

  void put(std::string_view bytes, bool whole_line) {
    drain();
    if (pending.size() + bytes.size() > kMaxPending) {
      if (whole_line) ++lost;
      return;
    }
    if (lost > 0 && pending.empty()) {
      pending += "phase: " + std::to_string(lost) + " lines did not fit here\r\n";
      lost = 0;
    }
    pending += bytes;
    drain();
  }
};

Console::Console(const ConsoleOptions& options, const Clock& clock)
    : options_(options), clock_(clock) {
  const Fd policy(open((options_.root + "/proc/sys/kernel/printk_devkmsg").c_str(),
                       O_WRONLY | O_CLOEXEC));
  // Where it is refused (it was set on the command line) the log loses lines, the consoles do not.
  const bool set = policy.valid() && write(policy.get(), "on\n", 3) == 3;
  (void)set;
  kmsg_ = Fd(open((options_.root + "/dev/kmsg").c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK));
  rescan();
}

Console::~Console() = default;

std::vector<std::string> Console::active() const {
  const std::string text = read_small(options_.root + "/sys/class/tty/console/active");
  std::vector<std::string> out;
  for (std::size_t at = 0; (at = text.find_first_not_of(" \n", at)) != std::string::npos;) {
    const auto end = std::min(text.find_first_of(" \n", at), text.size());
    out.push_back(text.substr(at, end - at));
    at = end;
  }
  return out;
}

void Console::rescan() {
  std::erase_if(sinks_, [](const Sink& sink) { return !sink.fd.valid(); });
  for (const auto& name : active()) add(name, true);
  for (const auto& console : options_.consoles) add(device_of(console), false);
  // It is another name for one of the active ones, so it is only taken where there is none.
  if (sinks_.empty()) add("console", true);
}

void Console::add(const std::string& name, bool kernels) {
  if (name.empty()) return;
  const std::string path = options_.root + "/dev/" + name;
  Fd fd(open(path.c_str(), O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (!fd.valid() || fstat(fd.get(), &status) != 0) return;
  const dev_t device = S_ISCHR(status.st_mode) ? status.st_rdev : status.st_ino;
  for (auto& sink : sinks_) {
    if (sink.device != device) continue;
    sink.kernels = sink.kernels || kernels;
    return;
  }
  Sink sink;
  sink.name = name;
  sink.fd = std::move(fd);
  sink.device = device;
  sink.kernels = kernels;
  sink.screen = is_screen(name);
  sinks_.push_back(std::move(sink));
}

int Console::log_level(Level level) const {
  const std::string printk = read_small(options_.root + "/proc/sys/kernel/printk");
  int console_loglevel = 0;  // Where nobody tells, the kernel prints nothing that we know of.
  (void)std::from_chars(printk.data(), printk.data() + printk.size(), console_loglevel);
  const auto ignore = read_small(options_.root + "/sys/module/printk/parameters/ignore_loglevel");
  return quiet_level(static_cast<int>(level), console_loglevel, ignore.starts_with("Y"));
}

void Console::to_log(const std::string& text, Level level) {
  if (!kmsg_.valid()) return;
  const int quiet = log_level(level);
  const int number = quiet < 0 ? static_cast<int>(level) : quiet;
  const std::string prefix = {'<', static_cast<char>('0' + number), '>'};
  for (const auto& record : split_records(text)) {
    const std::string whole = prefix + record;
    // A log that takes nothing must not stop the boot; the consoles still get the line.
    const auto put = write(kmsg_.get(), whole.data(), whole.size());
    (void)put;
  }
}

void Console::emit(std::string_view text, Level level) {
  const std::string line = printable(text);
  to_log(line, level);
  const bool kernel_prints = log_level(level) < 0 && kmsg_.valid();
  for (auto& sink : sinks_) {
    if (sink.in_progress) sink.put("\r\x1b[K", false);
    sink.in_progress = false;
    if (!(kernel_prints && sink.kernels)) sink.put(line + "\r\n", true);
  }
}

void Console::line(std::string_view untrusted, Level level) {
  emit("phase: " + std::string(untrusted), level);
}

void Console::bare_line(std::string_view untrusted) { emit(untrusted, Level::kInfo); }

void Console::progress(std::string_view untrusted) {
  const std::string text = "phase: " + printable(untrusted);
  const auto now = clock_.now();
  const bool log = !logged_progress_ || now - last_logged_progress_ >= kLoggedProgressEvery;
  const bool kernel_prints = log_level(Level::kInfo) < 0 && kmsg_.valid();
  if (log) {
    to_log(text, Level::kInfo);
    logged_progress_ = true;
    last_logged_progress_ = now;
  }
  for (auto& sink : sinks_) {
    if (sink.screen) {
      // An old update that still waits is worth nothing: no more than one is queued.
      if (sink.pending.empty()) sink.put("\r" + text + "\x1b[K", false);
      sink.in_progress = true;
      continue;
    }
    if (sink.shown_progress && now - sink.last_progress < kPlainProgressEvery) continue;
    sink.shown_progress = true;
    sink.last_progress = now;
    if (!(log && kernel_prints && sink.kernels)) sink.put(text + "\r\n", true);
  }
}

void Console::flush(MonoTime deadline) {
  while (true) {
    std::vector<pollfd> waiting;
    for (auto& sink : sinks_) {
      sink.drain();
      if (sink.fd.valid() && !sink.pending.empty()) waiting.push_back({sink.fd.get(), POLLOUT, 0});
    }
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - clock_.now()).count();
    if (waiting.empty() || left <= 0) return;
    poll(waiting.data(), waiting.size(), static_cast<int>(std::min<long>(left, INT_MAX)));
  }
}

void Console::close_consoles() { sinks_.clear(); }

std::vector<std::string> Console::names() const {
  std::vector<std::string> out;
  for (const auto& sink : sinks_) out.push_back(sink.name);
  return out;
}

}  // namespace phase::boot
