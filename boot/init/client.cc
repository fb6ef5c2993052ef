#include "boot/init/client.h"

#include <algorithm>

#include "boot/init/boot_cache.h"
#include "boot/init/fetch_area.h"
#include "boot/init/identities.h"
#include "boot/init/launch.h"
#include "boot/init/memory_contract.h"
#include "boot/init/mounts.h"
#include "boot/init/net_child.h"
#include "boot/init/small_file.h"
#include "boot/init/verifier.h"

namespace phase::boot {
namespace {

using std::chrono::seconds;

constexpr seconds kFreezeTime{5};
// Hashing takes seconds; this is for a machine that is many times slower than any we know.
constexpr seconds kVerifyTime{600};

/// One attempt. Steps run in the order in which they stand.
class Attempt {
 public:
  Attempt(Context& context, std::optional<MonoTime> deadline)
      : context_(context), deadline_(deadline) {}

  Result<void> run() {
    if (auto done = check_options(); !done) return done;
    if (auto done = settle_trust(); !done) return done;
    BootCache cache(context_, policy_);
    cache.look(stages_);
    cached_ = cache.word();
    const auto network = start();
    cache.look(stages_);
    cached_ = cache.word();
    if (!network && cached_.best == 0) return out_of_time_or(network.error());
    // Without a network (ip=off among the reasons) there is still what the cache holds.
    offline_ = cached_.best != 0 && (!network || context_.network->interface.empty());
    if (!network) {
      context_.console.line("no network: " + network.error().detail, Level::kWarning);
    }
    auto memory = read_memory();
    if (!memory) return memory.error();

    // Before the network child: nothing that it does can reach the verifier.
    auto verifier = Verifier::start(order(), kVerifierUid);
    if (!verifier) return verifier.error();
    const std::uint64_t room = fetch_room(*memory);
    auto area = FetchArea::mount(kFetchFolder, room, kNetworkChildUid);
    if (!area) return area.error();
    auto name = fetch(room, cache.folder());
    if (!name) return name.error();
    VerifierQuestion question{.name = *name, .before = context_.start, .after = {}};
    question.before.insert(question.before.end(), stages_.begin(), stages_.end());
    auto frozen = context_.timed(question.after, "freeze", [&] { return freeze(*area); });
    if (!frozen) return frozen;
    auto verdict = verifier->ask(question, within(kVerifyTime), context_.clock);
    if (!verdict) return out_of_time_or(verdict.error().in("verifier"));
    cache.keep(*verdict, refusals_);
    return launch(context_, *area, *verdict, policy_);
  }

  FailedAttempt failed(Error error) {
    return {.error = std::move(error), .stages = std::move(stages_),
            .refusals = std::move(refusals_)};
  }

 private:
  Result<void> check_options() {
    if (!context_.option_errors.empty()) return context_.option_errors.front().in("command line");
    return {};
  }

  [[nodiscard]] const ModePolicy& mode() const { return policy_of(context_.options.mode); }

  Result<void> start() {
    const Duration patience = cached_.best != 0 ? mode().network_if_cached : mode().network;
    return context_.timed(
        stages_, "network", [&] { return start_network(context_, within(patience)); });
  }

  Result<void> settle_trust() {
    auto choice = choose_trust(context_.trust_file, context_.options.key);
    if (!choice) return choice.error();
    for (const std::string& warning : choice->warnings) {
      context_.console.line(warning, Level::kWarning);
    }
    policy_ = std::move(choice->policy);
    if (raise_clock(policy_.time_floor.seconds)) {
      context_.console.line("clock: raised to the time this initramfs was built");
    }
    if (!write_small_file(kRunTrustFile, serialize_trust_file(policy_))) {
      return {ErrorCode::kInternal, std::string(kRunTrustFile) + " cannot be written"};
    }
    return {};
  }

  static Result<MemInfo> read_memory() {
    const auto text = read_small_file("/proc/meminfo", 16 * 1024);
    return parse_meminfo(text.value_or(""));
  }

  [[nodiscard]] VerifierOrder order() const {
    return {.parent = kFetchFolder,
            .policy = policy_,
            .channel = context_.options.channel,
            .arch = context_.arch,
            .min_version = floor(),
            .mode = context_.options.mode,
            .bootstrap = bootstrap()};
  }

  [[nodiscard]] const std::vector<std::string>& bootstrap() const {
    return context_.options.bootstrap.empty() ? policy_.bootstrap : context_.options.bootstrap;
  }

  /// No older version is booted, whoever offers it.
  [[nodiscard]] std::uint64_t floor() const {
    return std::max(context_.options.min_version, cached_.floor);
  }

  [[nodiscard]] std::vector<std::string> fetch_arguments(const std::string& cache) const {
    std::vector<std::string> out{"--trust",   kRunTrustFile,
                                 "--folder",  kFetchFolder,
                                 "--channel", context_.options.channel,
                                 "--arch",    context_.arch};
    out.insert(out.end(), {"--mode", mode_name(context_.options.mode)});
    if (offline_) out.insert(out.end(), {"--network", "none"});
    if (!cache.empty()) out.insert(out.end(), {"--cache", cache});
    if (context_.options.proxy) {
      out.insert(out.end(), {"--proxy", context_.options.proxy->text()});
    }
    if (floor() != 0) out.insert(out.end(), {"--min-version", std::to_string(floor())});
    for (const std::string& node : bootstrap()) out.insert(out.end(), {"--bootstrap", node});
    if (!context_.options.provider.empty()) {
      out.insert(out.end(), {"--provider", context_.options.provider});
    }
    for (const std::string& mirror : policy_.mirrors) {
      out.insert(out.end(), {"--provider", mirror});
    }
    return out;
  }

  Result<std::string> fetch(std::uint64_t room, const std::string& cache) {
    NetChildOptions options;
    options.program = kNetworkProgram;
    options.arguments = fetch_arguments(cache);
    options.uid = kNetworkChildUid;
    options.room = room;
    options.deadline = deadline_;
    options.say = [&](const std::string& text) { context_.console.line(text); };
    options.progress = [&](const std::string& text) { context_.console.progress(text); };
    auto outcome = run_net_child(options, context_.clock);
    refusals_ = std::move(outcome.refusals);
    // What it started dies with it sooner or later; the next attempt is not to meet it.
    if (!outcome.folder && !end_processes_of(kNetworkChildUid)) {
      context_.console.line("processes of the network child are still there", Level::kWarning);
    }
    return std::move(outcome.folder);
  }

  Result<void> freeze(FetchArea& area) {
    if (auto ended = end_processes_of(kNetworkChildUid); !ended) return ended;
    return area.freeze(within(kFreezeTime), context_.clock);
  }

  [[nodiscard]] MonoTime within(Duration limit) const {
    const MonoTime own = context_.clock.now() + limit;
    return deadline_ ? std::min(own, *deadline_) : own;
  }

  [[nodiscard]] Error out_of_time_or(const Error& error) const {
    if (!deadline_ || context_.clock.now() < *deadline_) return error;
    return {ErrorCode::kTimeout,
            "the attempt ran out of time (phase.timeout); last: " + error.detail};
  }

  Context& context_;
  std::optional<MonoTime> deadline_;
  TrustPolicy policy_;
  CacheWord cached_;
  bool offline_ = false;
  Stages stages_;
  std::vector<std::string> refusals_;
};

}  // namespace

FailedAttempt attempt_boot(Context& context, std::optional<MonoTime> deadline) {
  Attempt attempt(context, deadline);
  const auto result = attempt.run();
  return attempt.failed(result ? Error{ErrorCode::kKexec, "the loaded kernel was not started"}
                               : result.error());
}

}  // namespace phase::boot
