// dht/lan/program_choice.h
// Which of the two programs should run: phase-lan-dbus always, where it is installed, since it
// sees whether avahi-daemon is there; phase-lan while there is none. One responder per host where
// that can be had (RFC 6762 15). Pure: the owner starts and stops them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "proto/ports.h"

namespace phase::dht::lan {

enum class Program : std::uint8_t { kResponder, kBus };  ///< phase-lan, phase-lan-dbus.
inline constexpr std::array kPrograms = {Program::kResponder, Program::kBus};

/// A program that ends is started again after 1, 2, 4 ... 60 s; one that ran for a minute begins
/// at 1 s again.
class ProgramChoice {
 public:
  /// `daemon_pause`: how long after its end the daemon may come back before phase-lan steps in.
  ProgramChoice(bool bus, Duration daemon_pause, MonoTime now);

  void started(Program program, MonoTime now);
  void ended(Program program, MonoTime now);
  /// What phase-lan-dbus said.
  void daemon(bool here, MonoTime now);

  [[nodiscard]] bool wanted(Program program, MonoTime now) const;
  /// When wanted() may say something else.
  [[nodiscard]] std::optional<MonoTime> deadline(MonoTime now) const;
  /// Whose reports count.
  [[nodiscard]] Program active() const {
    return daemon_here_ ? Program::kBus : Program::kResponder;
  }

 private:
  struct Run {
    MonoTime from;                    ///< Not before.
    std::optional<MonoTime> started;
    Duration pause;
  };
  [[nodiscard]] const Run& run(Program program) const {
    return runs_[static_cast<std::size_t>(program)];
  }

  bool bus_;
  Duration daemon_pause_;
  bool daemon_here_ = false;
  bool daemon_asked_ = false;         ///< Whether phase-lan-dbus has said anything yet.
  MonoTime responder_from_;           ///< The daemon may come (back) until then.
  std::array<Run, 2> runs_;
};

}  // namespace phase::dht::lan
