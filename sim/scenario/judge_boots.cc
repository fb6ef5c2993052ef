#include <algorithm>
#include <array>
#include <map>

#include "sim/scenario/judge_parts.h"
#include "sim/scenario/schedule.h"
#include "sim/scenario/units.h"

namespace phase::sim {
namespace {

/// What a machine's link may receive on top of what it fetched: headers, other nodes' questions,
/// acknowledgements of what it serves. A release that came twice is more.
constexpr double kAroundOneImage = 0.5;

/// A step ended it, or cut it off, while it was on its way.
bool ended_by_step(const RunRecord& record, const RecordedBoot& boot) {
  static constexpr std::array<const char*, 4> kEnds{"kill ", "stop ", "restart ", "unplug "};
  if (boot.booted >= 0) return false;
  // Until it was switched on again.
  std::int64_t until = INT64_MAX;
  for (const RecordedBoot& other : record.boots) {
    if (other.host == boot.host && other.switched_on > boot.switched_on) {
      until = std::min(until, other.switched_on);
    }
  }
  return std::any_of(record.actions.begin(), record.actions.end(), [&](const RecordedAction& action) {
    const bool ends = std::any_of(kEnds.begin(), kEnds.end(),
                                  [&](const char* name) { return action.name.starts_with(name); });
    return ends && action.at >= boot.switched_on && action.at <= until &&
           std::find(action.targets.begin(), action.targets.end(), boot.host) != action.targets.end();
  });
}

Verdict nothing_booted(std::string expectation) {
  return {std::move(expectation), "no machine booted", false, false};
}

/// "the last after 31.2 s (m7), half of them within 12.0 s"; `times` by host, not empty.
std::string spread_text(std::vector<std::pair<std::int64_t, std::string>> times) {
  std::sort(times.begin(), times.end());
  const auto& slowest = times.back();
  std::string out = "the slowest " + duration_text(slowest.first) + " (" + slowest.second + ")";
  if (times.size() > 1) out += ", half of them within " + duration_text(times[(times.size() - 1) / 2].first);
  return out;
}

/// All of `times` are within the limit, and nobody is `missing`.
Verdict judge_times(std::string expectation, const std::vector<std::pair<std::int64_t, std::string>>& times,
                    const std::vector<std::string>& missing, const char* never, double limit) {
  Verdict out;
  out.expectation = std::move(expectation);
  std::vector<std::string> late;
  for (const auto& [time, host] : times) {
    if (static_cast<double>(time) > limit * 1000) late.push_back(host);
  }
  if (!times.empty()) out.found = spread_text(times);
  if (!late.empty()) out.found += "; late: " + some_of(late);
  if (!missing.empty()) out.found += (out.found.empty() ? "" : "; ") + std::string(never) + some_of(missing);
  out.holds = late.empty() && missing.empty() && !times.empty();
  return out;
}

std::uint64_t received(const RecordedBoot& boot) {
  std::uint64_t out = 0;
  for (const auto& source : boot.sources) out += source.bytes;
  return out;
}

/// How many releases a machine had reason to fetch.
std::uint64_t fetches_of(const RunRecord& record, const std::string& host) {
  const auto boots = std::count_if(record.boots.begin(), record.boots.end(),
                                   [&](const RecordedBoot& boot) { return boot.host == host; });
  std::set<std::uint64_t> versions;
  for (const RecordedVersion& version : record.versions) {
    if (version.host == host) versions.insert(version.version);
  }
  return std::max<std::uint64_t>(static_cast<std::uint64_t>(boots), versions.size());
}

}  // namespace

std::vector<const RecordedBoot*> boots_of(const Case& of, std::size_t* ended) {
  const auto names = who(of, HostRole::kMachine);
  const std::set<std::string> wanted(names.begin(), names.end());
  std::vector<const RecordedBoot*> out;
  for (const RecordedBoot& boot : of.record.boots) {
    if (!wanted.contains(boot.host)) continue;
    if (!ended_by_step(of.record, boot)) out.push_back(&boot);
    else if (ended != nullptr) ++*ended;
  }
  return out;
}

std::vector<const RecordedBoot*> booted_of(const Case& of) {
  auto out = boots_of(of);
  std::erase_if(out, [](const RecordedBoot* boot) { return boot->booted < 0; });
  return out;
}

Verdict judge_boots(const Case& of) {
  std::size_t ended = 0;
  const auto boots = boots_of(of, &ended);
  const auto names = who(of, HostRole::kMachine);
  std::set<std::string> up, failed, unseen(names.begin(), names.end());
  std::size_t good = 0;
  std::int64_t last = 0;
  for (const RecordedBoot& boot : of.record.boots) unseen.erase(boot.host);
  for (const RecordedBoot* boot : boots) {
    (boot->booted >= 0 ? up : failed).insert(boot->host);
    good += boot->booted >= 0 ? 1 : 0;
    last = std::max(last, boot->booted);
  }
  Verdict out;
  const auto least = of.expectation.least;
  const std::string machines = who_text(of, "machines");
  out.expectation = least == 0 ? "all of " + std::to_string(names.size()) + " machines (" + machines + ") boot"
                               : "at least " + std::to_string(least) + " of " + machines + " boot";
  if (of.expectation.targets.names.empty() && least == 0) {
    out.expectation = "all " + std::to_string(names.size()) + " machines boot";
  }
  out.found = std::to_string(up.size()) + " of " + std::to_string(names.size());
  if (boots.size() > names.size()) {
    out.found += ", " + std::to_string(good) + " of " + std::to_string(boots.size()) + " boots";
  }
  if (good > 0) out.found += ", the last " + duration_text(last) + " after the begin";
  if (!failed.empty()) out.found += "; failed: " + some_of({failed.begin(), failed.end()});
  if (!unseen.empty()) out.found += "; never switched on: " + some_of({unseen.begin(), unseen.end()});
  if (ended > 0) out.found += "; " + std::to_string(ended) + " more ended by a step on their way";
  out.holds = least == 0 ? failed.empty() && unseen.empty() && !up.empty() : up.size() >= least;
  return out;
}

Verdict judge_boot_time(const Case& of) {
  std::vector<std::pair<std::int64_t, std::string>> times;
  for (const RecordedBoot* boot : booted_of(of)) {
    times.emplace_back(boot->booted - boot->switched_on, boot->host);
  }
  const auto expectation = who_text(of, "machines") + " that boot are up within " +
                           seconds_text(of.expectation.limit) + " of being switched on";
  if (times.empty()) return nothing_booted(expectation);
  return judge_times(expectation, times, {}, "", of.expectation.limit);
}

Verdict judge_serving(const Case& of) {
  std::vector<std::pair<std::int64_t, std::string>> times;
  std::vector<std::string> never;
  for (const RecordedBoot* boot : booted_of(of)) {
    const HostChoice* host = find_host(of.scenario, boot->host);
    if (host == nullptr || !host->serves) continue;
    if (boot->serving >= 0) times.emplace_back(boot->serving - boot->booted, boot->host);
    else never.push_back(boot->host);
  }
  const auto expectation = who_text(of, "booted machines") + " offer the release within " +
                           seconds_text(of.expectation.limit) + " of being up";
  if (times.empty() && never.empty()) return nothing_booted(expectation);
  return judge_times(expectation, times, never, "never served: ", of.expectation.limit);
}

Verdict judge_fetched_once(const Case& of) {
  Verdict out;
  const double image = static_cast<double>(of.record.image_bytes);
  const double limit = of.expectation.limit;
  out.expectation = "no machine of " + who_text(of, "all") + " receives more than " + decimal_text(limit, 2) +
                    " images for its release";
  const auto boots = booted_of(of);
  if (boots.empty() || of.record.image_bytes == 0) return nothing_booted(out.expectation);
  std::vector<std::string> over;
  std::uint64_t most = 0;
  double most_by_link = 0;
  for (const RecordedBoot* boot : boots) {
    const auto bytes = received(*boot);
    most = std::max(most, bytes);
    bool good = static_cast<double>(bytes) <= limit * image;
    const auto link = of.record.interface_received.find(boot->host);
    if (link != of.record.interface_received.end()) {
      const auto fetches = static_cast<double>(fetches_of(of.record, boot->host));
      most_by_link = std::max(most_by_link, static_cast<double>(link->second) / fetches);
      good = good && static_cast<double>(link->second) <= (fetches * limit + kAroundOneImage) * image;
    }
    if (!good) over.push_back(boot->host);
  }
  out.found = "at most " + images_text(most, of.record.image_bytes) + " by their reports";
  if (most_by_link > 0) {
    out.found += ", " + decimal_text(most_by_link / image, 2) + " for each release by their links, which carry more than the image";
  }
  if (!over.empty()) out.found += "; more: " + some_of(over);
  out.holds = over.empty();
  return out;
}

Verdict judge_found_by_dht(const Case& of) {
  static constexpr std::array<const char*, 4> kFound{"dht", "lan", "pex", "incoming"};
  const std::string expectation = "every source of " + who_text(of, "all boots") +
                                  " was found in the DHT or on the link";
  const auto boots = booted_of(of);
  if (boots.empty()) return nothing_booted(expectation);
  std::map<std::string, std::size_t> ways;
  std::vector<std::string> other;
  for (const RecordedBoot* boot : boots) {
    if (boot->sources.empty()) other.push_back(boot->host + " (no source)");
    for (const auto& source : boot->sources) {
      ++ways[source.how];
      if (std::find(kFound.begin(), kFound.end(), source.how) == kFound.end()) {
        other.push_back(boot->host + " from " + source.host + " (" + source.how + ")");
      }
    }
  }
  std::string found;
  for (const auto& [way, count] : ways) {
    found += (found.empty() ? "" : ", ") + std::to_string(count) + " by " + (way.empty() ? "?" : way);
  }
  if (!other.empty()) found += "; otherwise: " + some_of(other);
  return {expectation, found, other.empty(), false};
}

Verdict judge_intact(const Case& of) {
  const std::string expectation = "what " + who_text(of, "machines") +
                                  " boot is byte for byte what was published";
  const auto boots = booted_of(of);
  if (boots.empty()) return nothing_booted(expectation);
  std::vector<std::string> altered;
  std::uint64_t bad_pieces = 0;
  for (const RecordedBoot* boot : boots) {
    if (!boot->intact) altered.push_back(boot->host);
    for (const auto& source : boot->sources) bad_pieces += source.bad_pieces;
  }
  std::string found = std::to_string(boots.size() - altered.size()) + " of " + std::to_string(boots.size()) + " boots";
  if (bad_pieces > 0) found += "; " + std::to_string(bad_pieces) + " bad pieces refused on the way";
  if (!altered.empty()) found += "; altered: " + some_of(altered);
  return {expectation, found, altered.empty(), false};
}

}  // namespace phase::sim
