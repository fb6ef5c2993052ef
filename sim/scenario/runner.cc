#include "sim/scenario/runner.h"

#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <limits>

#include "sim/scenario/run_context.h"
#include "sim/scenario/run_host.h"
#include "sim/scenario/run_publish.h"
#include "sim/scenario/run_timeline.h"
#include "sim/shell.h"

namespace phase::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kBootstrapGiven = 8;
constexpr auto kStartTimeout = minutes(2);
constexpr auto kMachineStartTimeout = minutes(10);  // Under emulation, and two at a time.
constexpr milliseconds kLook{200};  // What holds is looked at that often where nothing happens.
constexpr seconds kSayEvery{10};

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

class Run {
 public:
  Run(const Scenario& scenario, const RunOptions& options, const Sandbox& sandbox)
      : scenario_(scenario),
        options_(options),
        schedule_(draw_schedule(scenario, options.rng_seed)),
        scratch_(sandbox.scratch) {}

  RunRecord operator()() {
    record_.scenario = scenario_.name;
    record_.title = scenario_.title;
    record_.story = scenario_.story;
    record_.rng_seed = options_.rng_seed;
    record_.begun = utc_now();
    record_.lans = scenario_.lans;
    started_ = Clock::now();
    auto done = run();
    if (!done && !events_.interrupted()) record_.error = done.error().detail;
    record_.interrupted = events_.interrupted();
    close();
    if (options_.before_end) options_.before_end();
    return std::move(record_);
  }

 private:
  using Clock = std::chrono::steady_clock;

  Result<void> run();
  Result<void> build();
  Result<void> start_hosts();
  Result<void> start_all(const std::function<bool(const SiteHost&)>& which, const std::string& what);
  Result<void> carry_out_timeline();
  Result<void> carry_out(const DueItem& item);
  Result<void> act(const std::string& name, Action action);
  Result<void> act_on_all(std::size_t step);
  void write_down(std::size_t step);
  /// Handles what happens until `until`, or the next event.
  Result<void> step(MonoTime until);
  Result<void> await(const std::function<bool()>& holds, const std::string& what, milliseconds timeout);
  [[nodiscard]] bool holds(const std::string& condition) const;
  [[nodiscard]] bool converged() const;
  [[nodiscard]] bool settled() const;
  [[nodiscard]] std::size_t booted() const;
  [[nodiscard]] HostRun* host(const std::string& name) const;
  [[nodiscard]] std::int64_t timeline_now() const {
    return std::chrono::duration_cast<milliseconds>(Clock::now() - begun_).count();
  }
  [[nodiscard]] std::string state() const;
  void say(const std::string& text) const {
    if (options_.say) options_.say(text);
  }
  void close();

  const Scenario& scenario_;
  const RunOptions& options_;
  const Schedule schedule_;
  const std::string scratch_;
  RunRecord record_;
  RunEvents events_;  // Before every thread: it blocks the signals.
  Observer observer_;
  std::unique_ptr<Shell> shell_;
  std::unique_ptr<RunRelease> release_;
  std::unique_ptr<RunSite> site_;
  std::unique_ptr<RunContext> context_;
  std::unique_ptr<RunPublish> publish_;
  std::vector<std::unique_ptr<HostRun>> hosts_;
  MonoTime started_{}, begun_ = MonoTime::max(), said_{};
};

Result<void> Run::run() {
  if (auto built = build(); !built) return built;
  if (auto started = start_hosts(); !started) return started;
  begun_ = Clock::now();
  say("the timeline begins");
  return carry_out_timeline();
}

Result<void> Run::build() {
  const std::string logs = scratch_ + "/logs";
  std::error_code error;
  std::filesystem::create_directories(logs, error);
  shell_ = std::make_unique<Shell>(own_folder(), logs, observer_);
  say("making key and release");
  auto release = RunRelease::make(*shell_, scenario_, options_.kernel, scratch_ + "/release", options_.rng_seed);
  if (!release) return release.error();
  release_ = std::make_unique<RunRelease>(std::move(*release));
  say("building a network of " + std::to_string(schedule_.hosts.size()) + " hosts");
  auto site = RunSite::build(scenario_, schedule_, logs);
  if (!site) return site.error();
  site_ = std::move(*site);
  context_.reset(new RunContext{scenario_, *site_, *release_, events_, record_, scratch_, logs, {}, {}, {}, {},
                                started_, [this](const std::string& text) { say(text); }});
  std::vector<std::string> nodes;
  std::size_t publisher = site_->hosts().size();
  for (std::size_t i = 0; i < site_->hosts().size(); ++i) {
    const SiteHost& one = site_->hosts()[i];
    record_.hosts.push_back(one.record);
    hosts_.push_back(std::make_unique<HostRun>(*context_, i));
    const std::string& address = one.record.address;
    if (one.record.role == HostRole::kDhtNode && one.choice->from_start) nodes.push_back(address + ":6881");
    if (one.record.role == HostRole::kMirror) context_->mirrors.push_back("http://" + address + ":8080");
    if (one.record.role == HostRole::kPublisher) publisher = i;
  }
  if (publisher == site_->hosts().size()) return {ErrorCode::kUsage, "a scenario has a publisher"};
  context_->publisher_store = scratch_ + "/hosts/" + site_->hosts()[publisher].record.name;
  publish_ = std::make_unique<RunPublish>(*context_, publisher);
  // Evenly over all of them: on each side of a partition are some.
  const std::size_t given = std::min(nodes.size(), kBootstrapGiven);
  for (std::size_t i = 0; i < given; ++i) context_->bootstrap.push_back(nodes[i * nodes.size() / given]);
  return {};
}

Result<void> Run::start_all(const std::function<bool(const SiteHost&)>& which, const std::string& what) {
  std::vector<HostRun*> started;
  bool machines = false;
  for (const auto& one : hosts_) {
    if (!one->site().choice->from_start || !which(one->site())) continue;
    if (auto begun = one->start(Clock::now()); !begun) return begun;
    started.push_back(one.get());
    machines = machines || one->site().record.kind == HostKind::kQemu;
  }
  if (started.empty()) return {};
  return await(
      [&] { return std::all_of(started.begin(), started.end(), [](const HostRun* one) { return one->ready(); }); },
      what, machines ? milliseconds(kMachineStartTimeout) : milliseconds(kStartTimeout));
}

Result<void> Run::start_hosts() {
  const auto role = [](HostRole wanted) {
    return [wanted](const SiteHost& one) { return one.record.role == wanted; };
  };
  say("starting the DHT");
  if (auto started = start_all(role(HostRole::kDhtNode), "the DHT's nodes know each other"); !started) return started;
  say("publishing");
  if (auto begun = publish_->begin_publish(0, std::nullopt); !begun) return begun;
  auto published = await([&] { return !publish_->running(); }, "the first release is published", kStartTimeout);
  if (!published) return published;
  if (!publish_->trouble().empty()) return {ErrorCode::kInternal, publish_->trouble()};
  if (auto started = start_all(role(HostRole::kPublisher), "the publisher's pointer is in the DHT"); !started) {
    return started;
  }
  say("starting providers and all others");
  for (const HostRole one : {HostRole::kProvider, HostRole::kMirror, HostRole::kHostile}) {
    if (auto started = start_all(role(one), "all hosts run and hold the release"); !started) return started;
  }
  return {};
}

Result<void> Run::step(MonoTime until) {
  const MonoTime now = Clock::now();
  for (const auto& one : hosts_) {
    if (auto ticked = one->tick(now); !ticked) return ticked;
    until = std::min(until, one->deadline());
  }
  for (auto event = events_.take(until); event; event = events_.take(Clock::now())) {
    if (!publish_->handle(*event)) hosts_.at(event->host)->handle(*event);
  }
  if (events_.interrupted()) return {ErrorCode::kCancelled, "interrupted"};
  for (const auto& one : hosts_) {
    if (!one->trouble().empty()) return {ErrorCode::kInternal, one->trouble()};
  }
  if (!publish_->trouble().empty()) return {ErrorCode::kInternal, publish_->trouble()};
  return {};
}

Result<void> Run::await(const std::function<bool()>& holds, const std::string& what, milliseconds timeout) {
  const MonoTime deadline = Clock::now() + timeout;
  while (!holds()) {
    const MonoTime now = Clock::now();
    if (now >= deadline) {
      std::string missing;
      for (const auto& one : hosts_) {
        if (one->on() && !one->ready()) missing += " " + one->site().record.name;
      }
      return {ErrorCode::kTimeout, "after " + std::to_string(timeout.count() / 1000) +
                                       " s still not: " + what + "; not ready:" + missing};
    }
    if (auto stepped = step(std::min(deadline, now + kLook)); !stepped) return stepped;
  }
  return {};
}

HostRun* Run::host(const std::string& name) const {
  const auto found = std::find_if(hosts_.begin(), hosts_.end(),
                                  [&](const auto& one) { return one->site().record.name == name; });
  return found == hosts_.end() ? nullptr : found->get();
}

std::size_t Run::booted() const {
  return static_cast<std::size_t>(
      std::count_if(hosts_.begin(), hosts_.end(), [](const auto& one) { return one->booted(); }));
}

bool Run::converged() const {
  return std::all_of(hosts_.begin(), hosts_.end(), [&](const auto& one) {
    if (!one->on() || one->site().record.role != HostRole::kProvider) return true;
    return one->version() == release_->newest();
  });
}

bool Run::holds(const std::string& condition) const {
  const auto space = condition.find(' ');
  const std::string word = condition.substr(0, space);
  const std::string rest = space == std::string::npos ? "" : condition.substr(space + 1);
  if (word == "converged") return !publish_->running() && converged();
  const bool number = !rest.empty() && rest.find_first_not_of("0123456789") == std::string::npos;
  if (word == "booted" && number) return booted() >= std::stoull(rest);
  const HostRun* one = host(rest);
  if (one == nullptr) return false;
  return word == "booted" ? one->done() : one->fetching();
}

/// Nothing that the scenario is about is still under way.
bool Run::settled() const {
  if (publish_->running() || !converged()) return false;
  return std::all_of(hosts_.begin(), hosts_.end(), [](const auto& one) {
    return !one->on() || one->site().record.role != HostRole::kMachine || one->done();
  });
}

std::string Run::state() const {
  const auto on = std::count_if(hosts_.begin(), hosts_.end(), [](const auto& one) { return one->on(); });
  const auto holding = std::count_if(hosts_.begin(), hosts_.end(), [&](const auto& one) {
    return one->on() && one->version() == release_->newest();
  });
  return std::to_string(on) + " hosts on, " + std::to_string(booted()) + " machines booted, " +
         std::to_string(holding) + " hosts serve version " + std::to_string(release_->newest());
}

void Run::write_down(std::size_t step) {
  const Step& what = scenario_.timeline[step];
  RecordedAction action;
  action.at = context_->since_start(Clock::now());
  action.name = step_name(scenario_, step);
  action.targets = schedule_.steps[step].targets;
  for (const auto& group : what.groups) {
    if (!action.detail.empty()) action.detail += " | ";
    std::string names;
    for (const auto& name : group) names += (names.empty() ? "" : " ") + name;
    action.detail += names;
  }
  std::string text = action.name;
  for (const auto& name : action.targets) text += " " + name;
  say(text.size() > 100 ? text.substr(0, 97) + "..." : text);
  record_.actions.push_back(std::move(action));
}

Result<void> Run::act(const std::string& name, Action action) {
  if (action == Action::kPlug || action == Action::kUnplug) {
    return site_->set_plugged(name, action == Action::kPlug);
  }
  HostRun* one = host(name);
  if (one == nullptr) return {ErrorCode::kUsage, name + ": no such host"};
  const MonoTime now = Clock::now();
  switch (action) {
    case Action::kStart:
      return one->start(now);
    case Action::kStop:
      one->stop(now);
      return {};
    case Action::kKill:
      return one->kill(now);
    case Action::kRestart: {
      auto killed = one->kill(now);
      return killed ? one->start(now) : killed;
    }
    case Action::kCorrupt:
      return one->corrupt();
    default:
      return {ErrorCode::kUsage, name + ": not an action on a host"};
  }
}

Result<void> Run::act_on_all(std::size_t step) {
  const Step& what = scenario_.timeline[step];
  switch (what.action) {
    case Action::kPublish:
      return publish_->begin_publish(what.changed, record_.actions.size() - 1);
    case Action::kRenew:
      return publish_->begin_renew(record_.actions.size() - 1);
    case Action::kPartition: {
      std::vector<std::vector<std::string>> groups;
      for (const auto& group : what.groups) groups.push_back(expand(scenario_, group));
      return site_->partition(groups);
    }
    case Action::kHeal:
      return site_->partition({});
    default:
      break;
  }
  for (const auto& name : schedule_.steps[step].targets) {
    if (auto acted = act(name, what.action); !acted) return acted;
  }
  return {};
}

Result<void> Run::carry_out(const DueItem& due) {
  if (due.first) write_down(due.step);
  const Step& what = scenario_.timeline[due.step];
  const DrawnStep& drawn = schedule_.steps[due.step];
  if (what.action == Action::kChurn) {
    if (due.first) return {};
    const ChurnEvent& event = drawn.churn.at(due.item - 1);
    return act(event.host, event.leaves ? Action::kKill : Action::kStart);
  }
  if (due.all || drawn.targets.empty()) return act_on_all(due.step);
  return act(drawn.targets.at(due.item), what.action);
}

Result<void> Run::carry_out_timeline() {
  RunTimeline timeline(scenario_, schedule_);
  const auto holding = [this](const std::string& condition) { return holds(condition); };
  for (;;) {
    for (const DueItem& due : timeline.take(timeline_now(), holding)) {
      if (auto done = carry_out(due); !done) return done.error().in(step_name(scenario_, due.step));
    }
    if (timeline.done() && settled()) return {};
    if (timeline_now() >= scenario_.time_limit.count()) {
      std::string waits;
      for (const auto& condition : timeline.waits_for()) waits += " \"" + condition + "\"";
      say("the time is over; " + state());
      if (timeline.done()) return {};
      return {ErrorCode::kTimeout, "the time is over, and steps of the timeline were not carried out" +
                                       (waits.empty() ? waits : "; still waited for:" + waits)};
    }
    const MonoTime now = Clock::now();
    if (now - said_ >= kSayEvery) {
      if (said_ != MonoTime{}) say(std::to_string(timeline_now() / 1000) + " s: " + state());
      said_ = now;
    }
    MonoTime until = now + kLook;
    if (timeline.next() != std::numeric_limits<std::int64_t>::max()) {
      until = std::min(until, begun_ + milliseconds(timeline.next()));
    }
    if (auto stepped = step(until); !stepped) return stepped;
  }
}

/// Times count from the timeline's begin in what is handed out.
void Run::close() {
  const MonoTime now = Clock::now();
  if (context_ == nullptr) return;
  for (const auto& one : hosts_) one->finish(now);
  if (auto counted = site_->count(record_); !counted && record_.error.empty()) {
    record_.error = counted.error().detail;
  }
  record_.image_bytes = release_->image_bytes();
  const std::int64_t offset = context_->since_start(begun_ == MonoTime::max() ? now : begun_);
  record_.length = context_->since_start(now) - offset;
  const auto shift = [offset](std::int64_t& at) { at -= offset; };
  for (auto& action : record_.actions) shift(action.at);
  for (auto& version : record_.versions) shift(version.at);
  for (auto& bytes : record_.bytes) shift(bytes.at);
  for (auto& [name, stages] : record_.stages) {
    std::stable_sort(stages.begin(), stages.end(),
                     [](const RecordedStage& a, const RecordedStage& b) { return a.begin < b.begin; });
    for (auto& stage : stages) {
      shift(stage.begin);
      shift(stage.end);
    }
  }
  for (auto& boot : record_.boots) {
    shift(boot.switched_on);
    if (boot.booted >= 0) shift(boot.booted);
    if (boot.serving >= 0) shift(boot.serving);
  }
}

}  // namespace

RunRecord run_scenario(const Scenario& scenario, const RunOptions& options, const Sandbox& sandbox) {
  return Run(scenario, options, sandbox)();
}

}  // namespace phase::sim
