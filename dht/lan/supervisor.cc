#include "dht/lan/supervisor.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <utility>

#include "dht/lan/instance_name.h"
#include "proto/bytes.h"

namespace phase::dht::lan {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kEndLimit{1500};
/// Whoever answers at once has answered by then: 20 to 120 ms before a question, and as much
/// before an answer that others may give too (RFC 6762, 5.2 and 6). Avahi's own word comes after
/// a second, which is long for a machine that waits for it.
constexpr milliseconds kAnswerTime{350};
/// A machine that needs long until it asks needs long to hear: as long again is added, up to this.
/// An emulated one had the first answer 370 ms after it was asked for, 400 ms of beginning before.
constexpr milliseconds kLongestStart{1000};

const char* name_of(Program program) {
  return program == Program::kBus ? "phase-lan-dbus" : "phase-lan";
}

std::string random_instance() {
  std::array<std::uint8_t, 4> bytes{};
  system_random().fill(bytes);
  return "Phase Boot " + to_hex(bytes);
}

Command command_for(const std::string& instance, const std::optional<LanService>& service) {
  if (!service) return Withdraw{};
  const auto port = service->http_port != 0 ? service->http_port : service->peer_port;
  return Publish{instance, port, encode_txt(*service)};
}

}  // namespace

Supervisor::Supervisor(const LanOptions& options, bool bus, Tell tell)
    : options_(options), tell_(std::move(tell)),
      choice_(bus, options.daemon_pause, std::chrono::steady_clock::now()),
      instance_(options.instance.empty() ? random_instance() : options.instance) {
  if (!options_.browse) tell_(LanBrowsed{});  // Nobody is asked.
}

void Supervisor::publish(std::optional<LanService> service) {
  service_ = std::move(service);
  for (auto& slot : slots_) slot.told = false;
}

void Supervisor::start(Program program, MonoTime now) {
  Slot& slot = this->slot(program);
  std::vector<std::string> arguments;
  if (!options_.browse) arguments.emplace_back("--no-browse");
  auto child = Child::start(options_.programs + "/" + name_of(program), arguments);
  choice_.started(program, now);
  if (!child) {
    tell_(LanNote{"LAN: " + child.error().detail});
    choice_.ended(program, now);
    return browsed(slot);
  }
  slot = Slot{};
  slot.child = std::move(*child);
  slot.started_at = now;
}

void Supervisor::stop(Slot& slot, MonoTime now) {
  slot.child->close_input();
  slot.kill_at = now + kEndLimit;
}

void Supervisor::tick(MonoTime now) {
  for (const Program program : kPrograms) {
    Slot& slot = this->slot(program);
    const bool wanted = choice_.wanted(program, now);
    if (wanted && !slot.child) start(program, now);
    if (!wanted && slot.child && !slot.kill_at) stop(slot, now);
    if (slot.child && slot.kill_at && now >= *slot.kill_at) slot.child->kill();
    if (slot.browsed_at && now >= *slot.browsed_at) browsed(slot);
  }
  hand_over();
  tell_all(sightings_.tick(now));
}

/// To the one that counts, and only once the other has withdrawn it: the same name twice would be
/// a conflict with ourselves.
void Supervisor::hand_over() {
  const Program active = choice_.active();
  Slot& slot = this->slot(active);
  const Slot& responder = this->slot(Program::kResponder);
  if (active == Program::kBus && responder.child) return;
  if (!slot.child || slot.kill_at || slot.told) return;
  slot.told = true;
  if (!service_ && !ever_published_) return;
  ever_published_ = true;
  slot.child->put(encode(command_for(instance_, service_)));
}

std::optional<MonoTime> Supervisor::deadline(MonoTime now) const {
  auto first = choice_.deadline(now);
  const auto consider = [&](const std::optional<MonoTime>& at) {
    if (at && (!first || *at < *first)) first = at;
  };
  consider(sightings_.deadline());
  for (const auto& slot : slots_) {
    if (slot.child) consider(slot.kill_at);
    consider(slot.browsed_at);
  }
  return first;
}

std::vector<pollfd> Supervisor::waits() const {
  std::vector<pollfd> out;
  for (const auto& slot : slots_) {
    if (!slot.child) continue;
    out.push_back({slot.child->output(), POLLIN, 0});
    if (slot.child->wants_to_send()) out.push_back({slot.child->input(), POLLOUT, 0});
  }
  return out;
}

void Supervisor::handle(const std::vector<pollfd>& waited, MonoTime now) {
  for (const Program program : kPrograms) {
    for (const auto& one : waited) {
      const Slot& slot = this->slot(program);
      if (one.revents == 0 || !slot.child) continue;
      if (one.fd == slot.child->output()) {
        read(program, now);
      } else if (one.fd == slot.child->input()) {
        slot.child->send();
      }
    }
  }
}

void Supervisor::read(Program program, MonoTime now) {
  Slot& slot = this->slot(program);
  bool over = false;
  const std::string bytes = slot.child->read(over);
  auto lines = slot.lines.push(bytes);
  bool sound = lines.ok();
  for (std::size_t i = 0; sound && i < lines->size(); ++i) {
    auto report = decode_report((*lines)[i]);
    sound = report.ok();
    if (sound && !slot.kill_at) take(program, std::move(*report), now);
  }
  if (!sound) slot.child->kill();  // Whoever speaks there, it is not the program we started.
  if (over || !sound) ended(program, now);
}

void Supervisor::ended(Program program, MonoTime now) {
  Slot& slot = this->slot(program);
  slot.child->kill();  // It has said its last word; what else it may do is not waited for.
  const bool asked = slot.kill_at.has_value();
  const std::string how = slot.child->reap();
  slot.child.reset();
  slot.kill_at.reset();
  const Program before = choice_.active();
  if (asked) return;
  choice_.ended(program, now);
  tell_(LanNote{std::string(name_of(program)) + " " + how + "; it is started again"});
  if (before == program) browsed(slot);
}

void Supervisor::browsed(Slot& slot) {
  slot.browsed_at.reset();
  if (std::exchange(slot.browsed, true)) return;
  tell_(LanBrowsed{});
}

void Supervisor::take_daemon(bool here, MonoTime now) {
  const Program before = choice_.active();
  choice_.daemon(here, now);
  if (choice_.active() == before) return;
  if (here) {
    tell_(LanNote{"avahi-daemon answers for this host"});
    sightings_.restart();
    slot(Program::kBus).told = false;
  } else {
    tell_(LanNote{"avahi-daemon is gone"});
  }
}

void Supervisor::take(Program program, Report report, MonoTime now) {
  if (const auto* daemon = std::get_if<Daemon>(&report)) {
    if (program == Program::kBus) take_daemon(daemon->here, now);
    return;
  }
  if (auto* note = std::get_if<Note>(&report)) {
    return tell_(LanNote{std::string(name_of(program)) + ": " + printable_instance(note->text)});
  }
  if (program != choice_.active()) return;
  if (std::holds_alternative<Ready>(report)) {
    Slot& asks = slot(program);
    const auto began = std::min<Duration>(now - asks.started_at, kLongestStart);
    if (!asks.browsed) asks.browsed_at = now + kAnswerTime + began;
    return sightings_.restart();
  }
  if (const auto* seen = std::get_if<Seen>(&report)) return tell_all(sightings_.seen(*seen));
  if (const auto* lost = std::get_if<Lost>(&report)) return tell_all(sightings_.lost(*lost));
  if (auto* registered = std::get_if<Registered>(&report)) {
    instance_ = std::move(registered->instance);
    sightings_.set_own(instance_);
    const char* by = program == Program::kBus ? "avahi-daemon" : "phase-lan";
    return tell_(LanRegistered{printable_instance(instance_), by});
  }
  sightings_.all_for_now(now);
  browsed(slot(program));
}

void Supervisor::tell_all(std::vector<LanEvent> events) {
  for (auto& event : events) tell_(std::move(event));
}

void Supervisor::end(milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  for (auto& slot : slots_) {
    if (slot.child) stop(slot, std::chrono::steady_clock::now());
  }
  for (auto now = std::chrono::steady_clock::now(); now < until;
       now = std::chrono::steady_clock::now()) {
    auto waited = waits();
    if (waited.empty()) return;
    const auto left = std::chrono::ceil<milliseconds>(until - now);
    ::poll(waited.data(), waited.size(), static_cast<int>(left.count()));
    handle(waited, now);
  }
}

}  // namespace phase::dht::lan
