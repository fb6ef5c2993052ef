// dht/lan/supervisor.h
// Runs the two programs as ProgramChoice says, passes what is to be published to the one that
// counts, and turns what they report into events. The inside of Lan, in its one thread.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dht/lan/child.h"
#include "dht/lan/lan.h"
#include "dht/lan/lines.h"
#include "dht/lan/program_choice.h"
#include "dht/lan/sightings.h"

struct pollfd;

namespace phase::dht::lan {

class Supervisor {
 public:
  using Tell = std::function<void(LanEvent)>;
  /// `bus`: phase-lan-dbus is there too.
  Supervisor(const LanOptions& options, bool bus, Tell tell);

  void publish(std::optional<LanService> service);
  /// Starts, stops and asks what is due.
  void tick(MonoTime now);
  [[nodiscard]] std::optional<MonoTime> deadline(MonoTime now) const;
  /// Descriptors to wait for; what became of them goes to handle().
  [[nodiscard]] std::vector<pollfd> waits() const;
  void handle(const std::vector<pollfd>& waited, MonoTime now);
  /// Ends both within `limit`; they say goodbye to the LAN.
  void end(std::chrono::milliseconds limit);
  [[nodiscard]] std::vector<LanNode> nodes() const { return sightings_.nodes(); }

 private:
  struct Slot {
    std::unique_ptr<Child> child;
    MonoTime started_at;
    LineReader lines;
    bool told = false;              ///< It has what is to be published.
    bool browsed = false;           ///< Whoever answers at once has, or nobody can be asked.
    std::optional<MonoTime> browsed_at;
    std::optional<MonoTime> kill_at;  ///< It was asked to end.
  };
  [[nodiscard]] Slot& slot(Program program) { return slots_[static_cast<std::size_t>(program)]; }
  void start(Program program, MonoTime now);
  void stop(Slot& slot, MonoTime now);
  void read(Program program, MonoTime now);
  void ended(Program program, MonoTime now);
  void hand_over();
  void take(Program program, Report report, MonoTime now);
  void take_daemon(bool here, MonoTime now);
  void browsed(Slot& slot);
  void tell_all(std::vector<LanEvent> events);

  LanOptions options_;
  Tell tell_;
  ProgramChoice choice_;
  Sightings sightings_;
  std::string instance_;
  std::optional<LanService> service_;
  bool ever_published_ = false;
  std::array<Slot, 2> slots_;
};

}  // namespace phase::dht::lan
