// phase-lan: an mDNS responder of its own for hosts and machines without avahi-daemon. Reads
// commands on stdin, reports on stdout (lines.h), ends with stdin. Started by Lan (lan.h).
//   phase-lan [--no-browse]
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>

#include "dht/lan/confine.h"
#include "dht/lan/own_addresses.h"
#include "dht/lan/program_io.h"
#include "dht/lan/responder.h"

namespace {

using namespace phase::dht::lan;
using std::chrono::milliseconds;

constexpr std::size_t kMaxMemory = std::size_t{192} << 20;
constexpr milliseconds kLongestWait{1000};  // The clock is looked at that often.
constexpr std::chrono::seconds kBetweenNotes{60};

milliseconds until(const std::optional<phase::MonoTime>& deadline) {
  if (!deadline) return kLongestWait;
  const auto left = std::chrono::ceil<milliseconds>(*deadline - std::chrono::steady_clock::now());
  return std::clamp(left, milliseconds(0), kLongestWait);
}

/// Says now and then how many datagrams Avahi did not get to see.
class RefusalNotes {
 public:
  void tick(std::uint64_t refused, phase::MonoTime now) {
    if (refused == said_ || (said_at_ && now - *said_at_ < kBetweenNotes)) return;
    say(Note{"datagrams refused so far (malformed, an alias, too many from one host): " +
             std::to_string(refused)});
    said_ = refused;
    said_at_ = now;
  }

 private:
  std::uint64_t said_ = 0;
  std::optional<phase::MonoTime> said_at_;
};

int run(bool browse) {
  PollLoop loop;
  Responder responder(loop, browse, say);
  CommandInput input;
  loop.watch(STDIN_FILENO, [&] {
    input.read([&](Command command) {
      auto* publish = std::get_if<Publish>(&command);
      if (publish == nullptr) return responder.withdraw();
      responder.publish(std::move(*publish));
    });
  });
  const auto addresses = watch_addresses();
  if (addresses.valid()) {
    loop.watch(addresses.get(), [&] {
      drain(addresses);
      responder.addresses_changed();
    });
  }
  RefusalNotes notes;
  auto going = responder.start();
  while (going.ok() && !asked_to_end()) {
    loop.once(until(responder.deadline()));
    const auto now = std::chrono::steady_clock::now();
    going = responder.tick(now);
    notes.tick(loop.refused(), now);
  }
  if (going.ok()) return 0;
  say(Note{going.error().detail});
  return phase::exit_code(going.error().code);
}

}  // namespace

int main(int argc, char** argv) {
  if (const char* step = give_up_rights(kMaxMemory, phase::confine::Profile::kLan)) {
    std::fprintf(stderr, "phase-lan: %s: %s\n", step, std::strerror(errno));
    return phase::exit_code(phase::ErrorCode::kInternal);
  }
  return run(!(argc > 1 && std::strcmp(argv[1], "--no-browse") == 0));
}
