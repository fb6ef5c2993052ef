#include "boot/init/client.h"

#include <algorithm>

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

constexpr seconds kNetworkTime{60};
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
    auto network = context_.timed(
        stages_, "network", [&] { return start_network(context_, within(kNetworkTime)); });
    if (!network) return out_of_time_or(network.error());
    auto memory = read_memory();
    if (!memory) return memory.error();

    // Before the network child: nothing that it does can reach the verifier.
    auto verifier = Verifier::start(order(), kVerifierUid);
    if (!verifier) return verifier.error();
    const std::uint64_t room = fetch_room(*memory);
    auto area = FetchArea::mount(kFetchFolder, room, kNetworkChildUid);
    if (!area) return area.error();
    auto name = fetch(room);
    if (!name) return name.error();
    VerifierQuestion question{.name = *name, .before = context_.start, .after = {}};
    question.before.insert(question.before.end(), stages_.begin(), stages_.end());
    auto frozen = context_.timed(question.after, "freeze", [&] { return freeze(*area); });
    if (!frozen) return frozen;
    auto verdict = verifier->ask(question, within(kVerifyTime), context_.clock);
    if (!verdict) return out_of_time_or(verdict.error().in("verifier"));
    return launch(context_, *area, *verdict, policy_);
  }

  FailedAttempt failed(Error error) {
    return {.error = std::move(error), .stages = std::move(stages_),
            .refusals = std::move(refusals_)};
  }

 private:
  Result<void> check_options() {
    if (!context_.option_errors.empty()) return context_.option_errors.front().in("command line");
    if (context_.options.mode == Mode::kInternet) return {};
    return {ErrorCode::kUsage, std::string("phase.mode=") + mode_name(context_.options.mode) +
                                   " is not supported by this version: use phase.mode=internet"};
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
            .min_version = context_.options.min_version,
            .mode = mode_name(context_.options.mode),
            .bootstrap = bootstrap()};
  }

  [[nodiscard]] const std::vector<std::string>& bootstrap() const {
    return context_.options.bootstrap.empty() ? policy_.bootstrap : context_.options.bootstrap;
  }

  [[nodiscard]] std::vector<std::string> fetch_arguments() const {
    std::vector<std::string> out{"--trust",   kRunTrustFile,
                                 "--folder",  kFetchFolder,
                                 "--channel", context_.options.channel,
                                 "--arch",    context_.arch};
    if (context_.options.min_version != 0) {
      out.insert(out.end(), {"--min-version", std::to_string(context_.options.min_version)});
    }
    for (const std::string& node : bootstrap()) out.insert(out.end(), {"--bootstrap", node});
    if (!context_.options.provider.empty()) {
      out.insert(out.end(), {"--provider", context_.options.provider});
    }
    for (const std::string& mirror : policy_.mirrors) {
      out.insert(out.end(), {"--provider", mirror});
    }
    return out;
  }

  Result<std::string> fetch(std::uint64_t room) {
    NetChildOptions options;
    options.program = kNetworkProgram;
    options.arguments = fetch_arguments();
    options.uid = kNetworkChildUid;
    options.room = room;
    options.deadline = deadline_;
    options.say = [&](const std::string& text) { context_.console.line(text); };
    options.progress = [&](const std::string& text) { context_.console.progress(text); };
    auto outcome = run_net_child(options, context_.clock);
    refusals_ = std::move(outcome.refusals);
    return std::move(outcome.folder);
  }

  Result<void> freeze(FetchArea& area) {
    if (auto ended = end_processes_of(kNetworkChildUid); !ended) return ended;
    return area.freeze(within(kFreezeTime), context_.clock);
  }

  [[nodiscard]] MonoTime within(seconds limit) const {
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
