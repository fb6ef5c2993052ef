#include "dht/lan/responder.h"

#include <avahi-common/error.h>
#include <avahi-common/malloc.h>
#include <avahi-common/strlst.h>
#include <avahi-core/core.h>
#include <avahi-core/log.h>
#include <sys/random.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "dht/lan/browsing.h"
#include "dht/lan/registration.h"

namespace phase::dht::lan {
namespace {

using std::chrono::seconds;

constexpr unsigned kCacheEntries = 4096;
/// Packets a second that answer others: Avahi's own program has the same limit.
constexpr unsigned kMaxPackets = 1000;
constexpr seconds kBetweenRestarts{30};
/// How far the wall clock, by which Avahi counts, may move against the monotonic one.
constexpr seconds kClockStep{2};

std::string random_host_name() {
  unsigned char bytes[8];
  check(getrandom(bytes, sizeof bytes, 0) == sizeof bytes, "the kernel has random bytes");
  std::string out = "phase-";
  for (const unsigned char byte : bytes) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

class Config {
 public:
  Config() {
    avahi_server_config_init(&config_);
    // Without a name Avahi would tell this host's.
    config_.host_name = avahi_strdup(random_host_name().c_str());
    config_.deny_interfaces = avahi_string_list_add(nullptr, "lo");
    config_.publish_addresses = 0;
    config_.publish_hinfo = 0;
    config_.publish_workstation = 0;
    config_.publish_domain = 0;
    config_.enable_wide_area = 0;
    config_.enable_reflector = 0;
    config_.disallow_other_stacks = 0;
    config_.check_response_ttl = 1;  // What was routed is not from this link.
    config_.n_cache_entries_max = kCacheEntries;
    config_.ratelimit_interval = 1'000'000;
    config_.ratelimit_burst = kMaxPackets;
  }
  ~Config() { avahi_server_config_free(&config_); }
  Config(const Config&) = delete;
  Config& operator=(const Config&) = delete;
  [[nodiscard]] const AvahiServerConfig* get() const { return &config_; }

 private:
  AvahiServerConfig config_;
};

/// Wall clock minus monotonic clock.
Duration clock_offset() {
  return std::chrono::duration_cast<Duration>(
             std::chrono::system_clock::now().time_since_epoch()) -
         std::chrono::steady_clock::now().time_since_epoch();
}

}  // namespace

struct Responder::State {
  State(PollLoop& the_loop, bool browse, Tell the_tell)
      : loop(the_loop), browses(browse), tell(std::move(the_tell)), browsing(tell),
        registration(tell, [this](const std::string& name) { browsing.not_ours(name); }) {}

  Result<void> start() {
    int failed = 0;
    const Config config;
    offset = clock_offset();
    server = avahi_server_new(loop.avahi(), config.get(), server_changed, this, &failed);
    if (server == nullptr) {
      return Error{ErrorCode::kNetwork, std::string("mDNS: ") + avahi_strerror(failed)};
    }
    // Registering already holds for entries of ours; waiting for "running" would cost a second.
    follow(avahi_server_get_state(server));
    // Whoever waits for answers counts from here; making the server alone takes a slow machine 130 ms.
    tell(Ready{});
    if (browses) browsing.attach(server);
    return {};
  }

  void stop() {
    if (server == nullptr) return;
    browsing.detach();
    registration.detach();
    avahi_server_free(server);
    server = nullptr;
    attached = false;
  }

  static void server_changed(AvahiServer* server, AvahiServerState state, void* data) {
    auto* self = static_cast<State*>(data);
    if (self->server == server) self->follow(state);  // Not yet while it is being made.
  }

  void follow(AvahiServerState state) {
    const bool usable = state == AVAHI_SERVER_RUNNING || state == AVAHI_SERVER_REGISTERING;
    if (usable && !attached) registration.attach(server);
    if (!usable && attached) registration.detach();
    attached = usable;
    // A host name of 64 random bits collides with somebody who wants it to.
    if (state == AVAHI_SERVER_COLLISION || state == AVAHI_SERVER_FAILURE) lost = true;
  }

  Result<void> restart(const char* why) {
    tell(Note{std::string("asking anew: ") + why});
    lost = false;
    stop();
    return start();
  }

  PollLoop& loop;
  bool browses;
  Tell tell;
  AvahiServer* server = nullptr;
  Browsing browsing;
  Registration registration;
  bool attached = false;
  bool lost = false;
  Duration offset{};
  std::optional<MonoTime> restarted_at;
};

Responder::Responder(PollLoop& loop, bool browse, Tell tell)
    : state_(std::make_unique<State>(loop, browse, std::move(tell))) {
  // Avahi's log speaks of single records and packets, which say nothing to a person.
  avahi_set_log_function([](AvahiLogLevel /*level*/, const char* /*text*/) {});
}

Responder::~Responder() { state_->stop(); }

Result<void> Responder::start() { return state_->start(); }

void Responder::publish(Publish service) { state_->registration.set(std::move(service)); }
void Responder::withdraw() { state_->registration.set(std::nullopt); }
void Responder::addresses_changed() { state_->registration.addresses_changed(); }

Result<void> Responder::tick(MonoTime now) {
  State& state = *state_;
  state.registration.tick(now);
  state.browsing.tick(now);
  const Duration step = clock_offset() - state.offset;
  if (step > kClockStep || step < -kClockStep) {
    // Set back by hours, Avahi's timers would rest for hours.
    return state.restart("the clock was set");
  }
  const bool rested = !state.restarted_at || now - *state.restarted_at >= kBetweenRestarts;
  if ((state.lost || state.browsing.flooded()) && rested) {
    state.restarted_at = now;
    return state.restart(state.lost ? "the host name was claimed by somebody else"
                                    : "more services than are followed");
  }
  return {};
}

std::optional<MonoTime> Responder::deadline() const {
  auto first = state_->registration.deadline();
  const auto other = state_->browsing.deadline();
  if (!first || (other && *other < *first)) first = other;
  return first;
}

}  // namespace phase::dht::lan
