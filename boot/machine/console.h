// boot/machine/console.h
// Where PID 1 speaks: every line goes to the kernel log and once to every console. No console can
// block the boot: descriptors are non-blocking and a console that does not drain loses lines (it
// is told how many), never the others'.
//
// Once on each console: the kernel prints kmsg records below console_loglevel to its consoles by
// itself. So records are written with a level that it does not print, and the consoles are written
// to directly. Where it prints every level (`debug`, `loglevel=8`, `ignore_loglevel`), its own
// consoles are left to it.
// Threads: one. Needs /dev, /proc and /sys mounted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/fd.h"
#include "proto/ports.h"

namespace phase::boot {

enum class Level : std::uint8_t { kError = 3, kWarning = 4, kInfo = 6 };

struct ConsoleOptions {
  std::vector<std::string> consoles;  ///< BootOptions::consoles.
  /// In front of /dev, /proc and /sys; for tests.
  std::string root;
};

class Console {
 public:
  static constexpr std::size_t kMaxPending = 64 * 1024;  ///< Bytes per console that wait.

  /// Never fails: what cannot be opened is left out; lines are lost where nothing can be opened.
  /// Sets printk_devkmsg to "on" (else most lines of a burst are dropped).
  Console(const ConsoleOptions& options, const Clock& clock);
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  /// "phase: <text>"; `untrusted` is made printable. `level` is for the log.
  void line(std::string_view untrusted, Level level = Level::kInfo);
  /// Without "phase: " in front, for lines that programs look for (PHASE-REPORT …).
  void bare_line(std::string_view untrusted);
  /// A line that the next progress replaces on a terminal (carriage return); on a serial console
  /// a plain line at most once a second, in the kernel log at most once in ten seconds.
  void progress(std::string_view untrusted);
  /// Writes what still waits; by `deadline` the rest is given up.
  void flush(MonoTime deadline);
  /// Looks for consoles again (a driver was loaded since).
  void rescan();
  /// Releases everything (before a shell gets the console, before the jump). Still usable for
  /// the kernel log.
  void close_consoles();

  [[nodiscard]] std::vector<std::string> names() const;  ///< "ttyS0", "tty0", …

 private:
  struct Sink;
  void emit(std::string_view text, Level level);
  void to_log(const std::string& text, Level level);
  [[nodiscard]] int log_level(Level level) const;
  void add(const std::string& name, bool kernels);
  [[nodiscard]] std::vector<std::string> active() const;

  ConsoleOptions options_;
  const Clock& clock_;
  Fd kmsg_;
  std::vector<Sink> sinks_;
  MonoTime last_logged_progress_{};
  bool logged_progress_ = false;
};

}  // namespace phase::boot
