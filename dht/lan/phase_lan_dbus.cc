// phase-lan-dbus: DNS-SD through avahi-daemon, and word of whether one is there. Reads commands on
// stdin, reports on stdout (lines.h), ends with stdin. Started by Lan (lan.h); for hosts alone.
//   phase-lan-dbus [--no-browse]
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "dht/lan/avahi_bus.h"
#include "dht/lan/confine.h"
#include "dht/lan/program_io.h"

namespace {

using namespace phase::dht::lan;
using std::chrono::milliseconds;

constexpr std::size_t kMaxMemory = std::size_t{256} << 20;
constexpr milliseconds kLongestWait{60'000};
/// A bus may come later, as in a system that is starting.
constexpr milliseconds kBusPause{5000};

/// With or without a bus; it may come, and go.
class Program {
 public:
  explicit Program(bool browse) : browse_(browse) {}

  void connect() {
    bus_ = std::make_unique<AvahiBus>(browse_, say);
    if (!bus_->connect()) lose();
  }

  void once() {
    pollfd both[2] = {{STDIN_FILENO, POLLIN, 0}, {-1, 0, 0}};
    auto deadline = retry_at_;
    if (bus_) {
      both[1] = {bus_->fd(), bus_->events(), 0};
      deadline = bus_->deadline();
    }
    if (poll(both, 2, static_cast<int>(until(deadline).count())) < 0) both[0].revents = 0;
    if (both[0].revents != 0) input_.read([this](Command command) { take(std::move(command)); });
    const auto now = std::chrono::steady_clock::now();
    if (bus_ && !bus_->process(now)) lose();
    if (!bus_ && retry_at_ && now >= *retry_at_) connect();
  }

 private:
  static milliseconds until(const std::optional<phase::MonoTime>& deadline) {
    if (!deadline) return kLongestWait;
    const auto left =
        std::chrono::ceil<milliseconds>(*deadline - std::chrono::steady_clock::now());
    return std::clamp(left, milliseconds(0), kLongestWait);
  }

  void take(Command command) {
    if (!bus_) return;  // It is said again once a daemon is there.
    auto* publish = std::get_if<Publish>(&command);
    if (publish == nullptr) return bus_->withdraw();
    bus_->publish(std::move(*publish));
  }

  void lose() {
    bus_.reset();
    say(Daemon{false});
    retry_at_ = std::chrono::steady_clock::now() + kBusPause;
  }

  bool browse_;
  std::unique_ptr<AvahiBus> bus_;
  std::optional<phase::MonoTime> retry_at_;
  CommandInput input_;
};

}  // namespace

int main(int argc, char** argv) {
  if (const char* step = give_up_rights(kMaxMemory, phase::confine::Profile::kLanBus)) {
    std::fprintf(stderr, "phase-lan-dbus: %s: %s\n", step, std::strerror(errno));
    return phase::exit_code(phase::ErrorCode::kInternal);
  }
  Program program(!(argc > 1 && std::strcmp(argv[1], "--no-browse") == 0));
  program.connect();
  while (!asked_to_end()) program.once();
  return 0;
}
