#include "dht/lan/lan.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <deque>
#include <iterator>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "dht/lan/supervisor.h"
#include "proto/fd.h"

namespace phase::dht {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMaxQueued = 1024;
constexpr milliseconds kEndLimit{1800};
constexpr milliseconds kLongestWait{60'000};

std::string own_folder() {
  std::array<char, PATH_MAX> path{};
  const ssize_t got = readlink("/proc/self/exe", path.data(), path.size());
  const std::string program(path.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  return program.substr(0, program.rfind('/'));
}

bool is_there(const std::string& program) { return access(program.c_str(), X_OK) == 0; }

}  // namespace

struct Lan::State {
  State(const LanOptions& options, bool bus, std::function<void()> the_wake)
      : wake(std::move(the_wake)), stirred(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        supervisor(options, bus, [this](LanEvent event) { fresh.push_back(std::move(event)); }) {}

  void stir() const {
    const std::uint64_t one = 1;
    // A full counter wakes the thread as well.
    if (write(stirred.get(), &one, sizeof one) < 0) return;
  }

  /// What the thread has collected becomes the owner's.
  void hand_out() {
    if (fresh.empty()) return;
    {
      const std::lock_guard lock(mutex);
      for (auto& event : std::exchange(fresh, {})) push(std::move(event));
      nodes = supervisor.nodes();
    }
    if (wake) wake();
  }

  /// Where the queue is full, the oldest note makes room, or the oldest event.
  void push(LanEvent event) {
    if (queued.size() >= kMaxQueued) {
      const auto note = std::find_if(queued.begin(), queued.end(), [](const LanEvent& one) {
        return std::holds_alternative<LanNote>(one);
      });
      queued.erase(note == queued.end() ? queued.begin() : note);
    }
    queued.push_back(std::move(event));
  }

  /// False when it is time to end.
  bool take_orders() {
    std::uint64_t count = 0;
    if (read(stirred.get(), &count, sizeof count) < 0 && errno != EAGAIN) return false;
    std::optional<std::optional<LanService>> service;
    {
      const std::lock_guard lock(mutex);
      if (ending) return false;
      service = std::exchange(order, std::nullopt);
    }
    if (service) supervisor.publish(std::move(*service));
    return true;
  }

  void run() {
    while (take_orders()) {
      auto now = std::chrono::steady_clock::now();
      supervisor.tick(now);
      hand_out();
      auto waited = supervisor.waits();
      waited.push_back({stirred.get(), POLLIN, 0});
      now = std::chrono::steady_clock::now();
      auto wait = kLongestWait;
      if (const auto at = supervisor.deadline(now)) {
        wait = std::clamp(std::chrono::ceil<milliseconds>(*at - now), milliseconds(0), wait);
      }
      if (::poll(waited.data(), waited.size(), static_cast<int>(wait.count())) <= 0) continue;
      waited.pop_back();
      supervisor.handle(waited, std::chrono::steady_clock::now());
      hand_out();
    }
    supervisor.end(kEndLimit);
  }

  std::function<void()> wake;
  Fd stirred;
  // The thread's.
  std::vector<LanEvent> fresh;
  lan::Supervisor supervisor;
  // Both sides'.
  std::mutex mutex;
  bool ending = false;
  std::optional<std::optional<LanService>> order;
  std::deque<LanEvent> queued;
  std::vector<LanNode> nodes;
  std::thread thread;
};

Result<std::unique_ptr<Lan>> Lan::start(LanOptions options, std::function<void()> wake) {
  if (options.programs.empty()) options.programs = own_folder();
  if (!is_there(options.programs + "/phase-lan")) {
    return Error{ErrorCode::kNotFound, "phase-lan: is not in " + options.programs};
  }
  if (options.instance.size() > kMaxInstanceBytes) {
    return Error{ErrorCode::kUsage, "a service instance's name has at most 63 bytes"};
  }
  const bool bus = options.use_daemon && is_there(options.programs + "/phase-lan-dbus");
  auto state = std::make_unique<State>(options, bus, std::move(wake));
  if (!state->stirred.valid()) {
    return Error{ErrorCode::kInternal, std::string("eventfd: ") + std::strerror(errno)};
  }
  try {
    state->thread = std::thread([inside = state.get()] { inside->run(); });
  } catch (const std::system_error& failed) {
    return Error{ErrorCode::kInternal, std::string("LAN: no thread: ") + failed.what()};
  }
  return std::unique_ptr<Lan>(new Lan(std::move(state)));
}

Lan::Lan(std::unique_ptr<State> state) : state_(std::move(state)) {}

Lan::~Lan() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->ending = true;
  }
  state_->stir();
  state_->thread.join();
}

void Lan::publish(const std::optional<LanService>& service) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->order = service;
  }
  state_->stir();
}

std::vector<LanEvent> Lan::take() {
  const std::lock_guard lock(state_->mutex);
  std::vector<LanEvent> out(std::make_move_iterator(state_->queued.begin()),
                            std::make_move_iterator(state_->queued.end()));
  state_->queued.clear();
  return out;
}

std::vector<LanNode> Lan::nodes() const {
  const std::lock_guard lock(state_->mutex);
  return state_->nodes;
}

}  // namespace phase::dht
