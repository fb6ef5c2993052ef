#include "dht/lan/program_choice.h"

#include <algorithm>

namespace phase::dht::lan {
namespace {

using std::chrono::seconds;

constexpr seconds kFirstPause{1};
constexpr seconds kLongestPause{60};
/// phase-lan-dbus says within half a second whether a daemon is there, a frozen bus included.
constexpr seconds kFirstWord{1};

}  // namespace

ProgramChoice::ProgramChoice(bool bus, Duration daemon_pause, MonoTime now)
    : bus_(bus), daemon_pause_(daemon_pause), responder_from_(bus ? now + kFirstWord : now) {
  runs_.fill(Run{now, std::nullopt, kFirstPause});
}

void ProgramChoice::started(Program program, MonoTime now) {
  runs_[static_cast<std::size_t>(program)].started = now;
}

void ProgramChoice::ended(Program program, MonoTime now) {
  Run& run = runs_[static_cast<std::size_t>(program)];
  if (run.started && now - *run.started >= kLongestPause) run.pause = kFirstPause;
  run.started.reset();
  run.from = now + run.pause;
  run.pause = std::min<Duration>(run.pause * 2, kLongestPause);
  if (program == Program::kBus) daemon(false, now);
}

void ProgramChoice::daemon(bool here, MonoTime now) {
  if (!here && daemon_here_) responder_from_ = now + daemon_pause_;
  if (!here && !daemon_asked_) responder_from_ = now;
  daemon_asked_ = true;
  daemon_here_ = here;
}

bool ProgramChoice::wanted(Program program, MonoTime now) const {
  if (program == Program::kBus) return bus_ && now >= run(program).from;
  return !daemon_here_ && now >= responder_from_ && now >= run(program).from;
}

std::optional<MonoTime> ProgramChoice::deadline(MonoTime now) const {
  std::optional<MonoTime> first;
  const auto consider = [&](MonoTime at) {
    if (at > now && (!first || at < *first)) first = at;
  };
  if (bus_) consider(run(Program::kBus).from);
  if (!daemon_here_) {
    consider(std::max(run(Program::kResponder).from, responder_from_));
  }
  return first;
}

}  // namespace phase::dht::lan
