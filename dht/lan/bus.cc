#include "dht/lan/bus.h"

#include <poll.h>
#include <systemd/sd-bus.h>

#include <cstring>
#include <list>
#include <utility>

namespace phase::dht::lan {
namespace {

using std::chrono::microseconds;

constexpr const char* kAvahi = "org.freedesktop.Avahi";
constexpr const char* kBusName = "org.freedesktop.DBus";
constexpr const char* kBusPath = "/org/freedesktop/DBus";
constexpr std::uint64_t kFirstWordUs = 500'000;
constexpr std::uint64_t kAnswerUs = 5'000'000;

}  // namespace

struct Bus::State {
  struct Pending {
    State* state;
    Answer answer;
    std::list<Pending>::iterator self;
  };
  struct Match {
    std::function<void(sd_bus_message*, const std::string&)> taken;
  };
  sd_bus* bus = nullptr;
  std::list<Pending> pending;
  std::list<Match> matches;
  std::function<void(bool)> daemon_here;

  static int on_answer(sd_bus_message* message, void* data, sd_bus_error* /*error*/) {
    auto* one = static_cast<Pending*>(data);
    const Answer answer = std::move(one->answer);
    one->state->pending.erase(one->self);
    if (!answer) return 0;
    if (sd_bus_message_is_method_error(message, nullptr) > 0) {
      const sd_bus_error* error = sd_bus_message_get_error(message);
      answer(nullptr, error != nullptr && error->name != nullptr ? error->name : "an error");
    } else {
      answer(message, {});
    }
    return 0;
  }

  static int on_match(sd_bus_message* message, void* data, sd_bus_error* /*error*/) {
    const char* path = sd_bus_message_get_path(message);
    static_cast<Match*>(data)->taken(message, path != nullptr ? path : "");
    return 0;
  }

  void send(sd_bus_message* message, Answer answer, std::uint64_t timeout_us) {
    auto& one = pending.emplace_front(Pending{this, std::move(answer), {}});
    one.self = pending.begin();
    if (sd_bus_call_async(bus, nullptr, message, on_answer, &one, timeout_us) >= 0) return;
    const Answer refused = std::move(one.answer);
    pending.pop_front();
    if (refused) refused(nullptr, "could not be sent");
  }

  int add_match(const char* sender, const char* interface, const char* member,
                std::function<void(sd_bus_message*, const std::string&)> taken) {
    auto& match = matches.emplace_back(Match{std::move(taken)});
    // Asynchronous, with no answer awaited: the bus handles what one client says in order, so the
    // match holds before any call that is sent after it.
    return sd_bus_match_signal_async(bus, nullptr, sender, nullptr, interface, member, on_match,
                                     nullptr, &match);
  }
};

Bus::Bus() : state_(std::make_unique<State>()) {}

Bus::~Bus() {
  if (state_->bus == nullptr) return;
  // What is queued goes out if it can at once; a frozen bus keeps nobody here.
  sd_bus_close(state_->bus);
  sd_bus_unref(state_->bus);
}

Result<void> Bus::connect() {
  const int opened = sd_bus_open_system(&state_->bus);
  if (opened >= 0) return {};
  return Error{ErrorCode::kNetwork, std::string("no system bus: ") + std::strerror(-opened)};
}

void Bus::call(const std::string& path, const char* interface, const char* member, Write write,
               Answer answer) {
  sd_bus_message* message = nullptr;
  if (sd_bus_message_new_method_call(state_->bus, &message, kAvahi, path.c_str(), interface,
                                     member) < 0) {
    if (answer) answer(nullptr, "no message");
    return;
  }
  sd_bus_message_set_auto_start(message, 0);
  if (write) write(message);
  state_->send(message, std::move(answer), kAnswerUs);
  sd_bus_message_unref(message);
}

void Bus::on_signal(const char* interface, const char* member,
                    std::function<void(sd_bus_message*, const std::string&)> taken) {
  (void)state_->add_match(kAvahi, interface, member, std::move(taken));
}

void Bus::follow_daemon(std::function<void(bool)> here) {
  state_->daemon_here = std::move(here);
  (void)state_->add_match(
      kBusName, kBusName, "NameOwnerChanged",
      [this](sd_bus_message* message, const std::string& /*path*/) {
        const char* name = nullptr;
        const char* before = nullptr;
        const char* after = nullptr;
        if (sd_bus_message_read(message, "sss", &name, &before, &after) < 0) return;
        if (std::strcmp(name, kAvahi) == 0) state_->daemon_here(*after != '\0');
      });
  sd_bus_message* message = nullptr;
  if (sd_bus_message_new_method_call(state_->bus, &message, kBusName, kBusPath, kBusName,
                                     "NameHasOwner") < 0) {
    return state_->daemon_here(false);
  }
  sd_bus_message_append(message, "s", kAvahi);
  const Answer answered = [this](sd_bus_message* answer, const std::string& /*error*/) {
    int owned = 0;
    if (answer != nullptr) sd_bus_message_read(answer, "b", &owned);
    state_->daemon_here(owned != 0);
  };
  state_->send(message, answered, kFirstWordUs);
  sd_bus_message_unref(message);
}

int Bus::fd() const { return sd_bus_get_fd(state_->bus); }

short Bus::events() const {
  const int events = sd_bus_get_events(state_->bus);
  return events < 0 ? POLLIN : static_cast<short>(events);
}

std::optional<MonoTime> Bus::deadline() const {
  std::uint64_t at = 0;  // Microseconds of CLOCK_MONOTONIC, which is steady_clock's.
  if (sd_bus_get_timeout(state_->bus, &at) < 0 || at == UINT64_MAX) return std::nullopt;
  return MonoTime(std::chrono::duration_cast<Duration>(microseconds(at)));
}

Result<void> Bus::process() {
  int done = 0;
  do {
    done = sd_bus_process(state_->bus, nullptr);
  } while (done > 0);
  if (done >= 0) return {};
  return Error{ErrorCode::kNetwork, std::string("the system bus is gone: ") + std::strerror(-done)};
}

}  // namespace phase::dht::lan
