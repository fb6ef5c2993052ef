#include "boot/init/client.h"

#include <algorithm>

#include "boot/init/attempt_plan.h"
#include "boot/init/boot_cache.h"
#include "boot/init/fetch_area.h"
#include "boot/init/identities.h"
#include "boot/init/launch.h"
#include "boot/init/memory_contract.h"
#include "boot/init/mounts.h"
#include "boot/init/net_child.h"
#include "boot/init/small_file.h"
#include "boot/init/tpm_child.h"
#include "boot/init/verifier.h"
#include "boot/machine/tpm.h"

namespace phase::boot {
namespace {

using std::chrono::seconds;

constexpr seconds kFreezeTime{5};
// A TPM that was just switched on may test itself first.
constexpr seconds kTpmTime{20};
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
    if (auto done = look_at_tpm(); !done) return done;
    BootCache cache(context_, policy_, now_);
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

    const std::uint64_t room = fetch_room(*memory);
    AttemptPlan planned = plan();
    planned.room = room;
    // Before the network child: nothing that it does can reach the verifier.
    auto verifier = Verifier::start(planned.verifier_order(), kVerifierUid);
    if (!verifier) return verifier.error();
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
    context_.power_on.saw_version(verdict->version);
    raise_tpm(verdict->root_counter);
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
    now_ = context_.power_on.begin_attempt(context_.clock.wall(), policy_.time_floor,
                                           context_.clock.now());
    // For timestamps of what is written; what is decided goes by now_.
    if (raise_clock(policy_.time_floor.seconds)) {
      context_.console.line("clock: raised to the time this initramfs was built");
    }
    if (!write_small_file(kRunTrustFile, serialize_trust_file(policy_))) {
      return {ErrorCode::kInternal, std::string(kRunTrustFile) + " cannot be written"};
    }
    return {};
  }

  /// What it keeps is asked for once, and known from then on.
  Result<void> look_at_tpm() {
    Result<TpmWord> word = context_.tpm ? *context_.tpm : asked_tpm();
    if (word) context_.tpm = *word;
    auto floor = tpm_floor(word, policy_.root);
    if (!floor) return floor.error();
    tpm_counter_ = floor->counter;
    if (floor->is_warning) {
      context_.console.line(floor->note, Level::kWarning);
    } else if (context_.options.debug || floor->counter != 0) {
      context_.console.line(floor->note);
    }
    return {};
  }

  [[nodiscard]] Result<TpmWord> asked_tpm() const {
    const auto tpm = open_tpm(kTpmDevice);
    if (!tpm) return tpm.error();
    return ask_tpm(*tpm, within(kTpmTime), context_.clock);
  }

  /// Only a root that the verifier went by comes here. A TPM that does not take it leaves this
  /// machine as safe as it was: the release is good, and the next boot tries again.
  void raise_tpm(std::uint64_t root_counter) {
    const auto more = context_.tpm ? counter_to_keep(*context_.tpm, root_counter) : std::nullopt;
    if (!more) return;
    const auto tpm = open_tpm(kTpmDevice);
    const auto kept = tpm ? keep_counter(*tpm, *more, within(kTpmTime), context_.clock)
                          : Result<void>(tpm.error());
    if (!kept) {
      return context_.console.line("TPM: counter " + std::to_string(*more) +
                                       " of the trust root is not kept: " + kept.error().detail,
                                   Level::kWarning);
    }
    context_.tpm->counter = *more;
    context_.console.line("TPM: keeps counter " + std::to_string(*more) +
                          " of the trust root from now on");
  }

  static Result<MemInfo> read_memory() {
    const auto text = read_small_file("/proc/meminfo", 16 * 1024);
    return parse_meminfo(text.value_or(""));
  }

  [[nodiscard]] AttemptPlan plan() const {
    return {.options = context_.options,
            .policy = policy_,
            .arch = context_.arch,
            // The cache's floor is among it (BootCache): no older version is booted, whoever
            // offers it.
            .floor = context_.power_on.version_floor(),
            .tpm_counter = tpm_counter_,
            .now = now_,
            .offline = offline_};
  }

  Result<std::string> fetch(std::uint64_t room, const std::string& cache) {
    NetChildOptions options;
    options.program = kNetworkProgram;
    options.arguments = plan().fetch_arguments(cache);
    options.uid = kNetworkChildUid;
    options.folder = kFetchFolder;
    options.trust = kRunTrustFile;
    options.cache = cache;
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
  std::uint64_t tpm_counter_ = 0;
  WallTime now_;  // Of all of this attempt, however long it takes.
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
