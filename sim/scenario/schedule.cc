#include "sim/scenario/schedule.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <set>

namespace phase::sim {
namespace {

/// SplitMix64 (Steele, Lea, Flood 2014), begun at a hash of what is drawn: the same on any computer,
/// which the standard library's distributions are not.
class Stream {
 public:
  Stream(std::uint64_t rng_seed, const std::string& what) : state_(rng_seed) {
    for (const char c : what) {  // FNV-1a, stirred with the seed
      state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    }
    (void)next();
  }

  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  /// 0 to n - 1, n > 0. Over as few as hosts are, the bias of a remainder shows nowhere.
  std::uint64_t below(std::uint64_t n) { return next() % n; }
  /// Over 0, at most 1.
  double share() { return static_cast<double>((next() >> 11) + 1) * 0x1p-53; }
  /// Exponentially distributed: leaving is as likely at any moment. At least a millisecond.
  std::chrono::milliseconds interval(std::chrono::milliseconds mean) {
    const double drawn = -std::log(share()) * static_cast<double>(mean.count());
    return std::chrono::milliseconds(std::max<std::int64_t>(1, std::llround(drawn)));
  }

 private:
  std::uint64_t state_;
};

std::uint64_t seed_of(std::uint64_t rng_seed, const std::string& what) {
  // 0 would be no seed to some of those who get it.
  return std::max<std::uint64_t>(1, Stream(rng_seed, what).next() >> 1);
}

void pick(std::vector<std::string>& from, std::size_t count, Stream& stream) {
  count = std::min(count, from.size());
  for (std::size_t i = 0; i < count; ++i) {
    std::swap(from[i], from[i + static_cast<std::size_t>(stream.below(from.size() - i))]);
  }
  from.resize(count);
}

std::vector<ChurnEvent> draw_churn(const Step& step, const std::vector<std::string>& hosts,
                                   std::uint64_t rng_seed, const std::string& label) {
  std::vector<ChurnEvent> out;
  const auto length = step.until - step.at;
  for (const std::string& host : hosts) {
    Stream stream(rng_seed, label + " " + host);
    bool leaves = true;
    for (auto at = stream.interval(step.every); at < length;
         at += stream.interval(step.every)) {
      out.push_back({at, host, leaves});
      leaves = !leaves;
    }
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const ChurnEvent& a, const ChurnEvent& b) { return a.after < b.after; });
  return out;
}

/// Who runs, as far as the steps so far decide it.
class Running {
 public:
  explicit Running(const Scenario& scenario) {
    for (const HostChoice& host : scenario.hosts) {
      if (!host.from_start) continue;
      for (auto& name : host_names(host)) names_.insert(std::move(name));
    }
  }
  /// Only those of `targets` whom the action changes.
  void keep_changed(Action action, std::vector<std::string>& targets) const {
    const bool starts = action == Action::kStart;
    if (!starts && action != Action::kStop && action != Action::kKill) return;
    std::erase_if(targets, [&](const std::string& name) { return names_.contains(name) == starts; });
  }
  void note(Action action, const std::vector<std::string>& targets) {
    if (action == Action::kStart || action == Action::kRestart) {
      names_.insert(targets.begin(), targets.end());
    }
    if (action == Action::kStop || action == Action::kKill) {
      for (const std::string& name : targets) names_.erase(name);
    }
  }

 private:
  std::set<std::string> names_;
};

}  // namespace

std::vector<std::string> host_names(const HostChoice& choice) {
  if (choice.count == 1) return {choice.name};
  std::vector<std::string> out;
  out.reserve(choice.count);
  for (std::uint32_t i = 1; i <= choice.count; ++i) out.push_back(choice.name + std::to_string(i));
  return out;
}

const HostChoice* find_host(const Scenario& scenario, std::string_view name) {
  const bool all = name.ends_with('*');
  if (all) name.remove_suffix(1);
  for (const HostChoice& host : scenario.hosts) {
    if (all || host.count == 1) {
      if (host.name == name) return &host;
      continue;
    }
    if (!name.starts_with(host.name)) continue;
    const auto number = name.substr(host.name.size());
    const bool digits = !number.empty() && number.size() <= 6 && number[0] != '0' &&
                        std::all_of(number.begin(), number.end(),
                                    [](char c) { return c >= '0' && c <= '9'; });
    if (digits && std::stoul(std::string(number)) <= host.count) return &host;
  }
  return nullptr;
}

std::vector<std::string> expand(const Scenario& scenario, const std::vector<std::string>& names) {
  std::vector<std::string> all;
  std::set<std::string> named, seen;
  for (const std::string& name : names) {
    if (!named.insert(name).second) continue;
    const bool lan = std::any_of(scenario.lans.begin(), scenario.lans.end(),
                                 [&](const LanChoice& one) { return "lan:" + one.name == name; });
    const HostChoice* host = find_host(scenario, name);
    if (host != nullptr && name.ends_with('*')) {
      auto own = host_names(*host);
      all.insert(all.end(), std::make_move_iterator(own.begin()), std::make_move_iterator(own.end()));
    } else if (host != nullptr || lan) {
      all.push_back(name);
    }
  }
  std::erase_if(all, [&](const std::string& name) { return !seen.insert(name).second; });
  return all;
}

Schedule draw_schedule(const Scenario& scenario, std::uint64_t rng_seed) {
  Schedule out;
  out.rng_seed = rng_seed;
  for (std::size_t i = 0; i < scenario.hosts.size(); ++i) {
    for (auto& name : host_names(scenario.hosts[i])) {
      const auto link = seed_of(rng_seed, "link " + name);
      const auto own = seed_of(rng_seed, "host " + name);
      out.hosts.push_back({std::move(name), i, link, own});
    }
  }
  Running running(scenario);
  std::map<Action, int> of_kind;
  for (const Step& step : scenario.timeline) {
    // By kind and number, so that a step of another kind before it changes nothing.
    const std::string label = "step " + std::to_string(static_cast<int>(step.action)) + " " +
                              std::to_string(++of_kind[step.action]);
    DrawnStep drawn;
    drawn.targets = expand(scenario, step.targets.names);
    if (step.targets.pick > 0) {
      running.keep_changed(step.action, drawn.targets);
      Stream stream(rng_seed, label);
      pick(drawn.targets, step.targets.pick, stream);
    }
    running.note(step.action, drawn.targets);
    if (step.action == Action::kChurn) {
      drawn.churn = draw_churn(step, drawn.targets, rng_seed, label);
    }
    out.steps.push_back(std::move(drawn));
  }
  return out;
}

std::string replay_command(const std::string& file, std::uint64_t rng_seed,
                           const std::string& report_folder) {
  return "phase-sim run " + file + " --rng-seed " + std::to_string(rng_seed) + " --report " +
         report_folder;
}

}  // namespace phase::sim
