#include <algorithm>
#include <charconv>
#include <limits>
#include <map>

#include "sim/scenario/judge_parts.h"
#include "sim/scenario/units.h"

namespace phase::sim {
namespace {

/// "version 2" of a publish step's detail; 0: none.
std::uint64_t published_version(const RecordedAction& action) {
  constexpr std::string_view kPrefix = "version ";
  if (!action.name.starts_with("publish ") || !action.detail.starts_with(kPrefix)) return 0;
  std::uint64_t out = 0;
  const char* end = action.detail.data() + action.detail.size();
  (void)std::from_chars(action.detail.data() + kPrefix.size(), end, out);
  return out;
}

/// The step that convergence is counted from; null: the begin.
const RecordedAction* since(const Case& of) {
  const RecordedAction* out = nullptr;
  for (const RecordedAction& action : of.record.actions) {
    const bool meant = of.expectation.since.empty() ? action.name.starts_with("publish ")
                                                    : action.name == of.expectation.since;
    if (meant && (out == nullptr || action.at >= out->at)) out = &action;
  }
  return out;
}

/// The newest that was published by then, or that anybody held by then.
std::uint64_t newest_at(const RunRecord& record, std::int64_t at) {
  std::uint64_t out = 0;
  for (const RecordedAction& action : record.actions) {
    if (action.at <= at) out = std::max(out, published_version(action));
  }
  for (const RecordedVersion& held : record.versions) {
    if (held.at <= at) out = std::max(out, held.version);
  }
  return out;
}

/// By the last stage that was seen of it.
bool runs_at_end(const RunRecord& record, const std::string& host) {
  const auto stages = record.stages.find(host);
  if (stages == record.stages.end() || stages->second.empty()) return true;
  const auto last = std::max_element(
      stages->second.begin(), stages->second.end(),
      [](const RecordedStage& a, const RecordedStage& b) { return a.begin < b.begin; });
  return last->name != "off" && last->name != "killed" && last->name != "stopped";
}

}  // namespace

Verdict judge_converged(const Case& of) {
  Verdict out;
  const RecordedAction* from = since(of);
  const std::string step = of.expectation.since.empty() ? "the last publish" : of.expectation.since;
  out.expectation = who_text(of, "all providers") + " hold the newest release within " +
                    seconds_text(of.expectation.limit) + " of " + step;
  if (from == nullptr && !of.expectation.since.empty()) {
    out.found = step + " never happened";
    return out;
  }
  // Without any step: from the begin on, the first release.
  const std::int64_t at = from == nullptr ? 0 : from->at;
  auto version = newest_at(of.record, at);
  if (version == 0) version = newest_at(of.record, std::numeric_limits<std::int64_t>::max());
  std::map<std::string, std::int64_t> held;
  for (const RecordedVersion& one : of.record.versions) {
    if (one.version < version) continue;
    const auto [place, added] = held.emplace(one.host, one.at);
    if (!added) place->second = std::min(place->second, one.at);
  }
  std::vector<std::string> late, never;
  std::int64_t last = 0;
  std::size_t count = 0;
  for (const std::string& host : who(of, HostRole::kProvider)) {
    if (of.expectation.targets.names.empty() && !runs_at_end(of.record, host)) continue;
    ++count;
    const auto found = held.find(host);
    if (found == held.end()) {
      never.push_back(host);
      continue;
    }
    last = std::max(last, found->second - at);
    if (static_cast<double>(found->second - at) > of.expectation.limit * 1000) late.push_back(host);
  }
  out.found = std::to_string(count - never.size()) + " of " + std::to_string(count) + " hold version " +
              std::to_string(version);
  if (never.size() < count) out.found += ", the last after " + duration_text(last);
  if (!late.empty()) out.found += "; late: " + some_of(late);
  if (!never.empty()) out.found += "; never: " + some_of(never);
  out.holds = late.empty() && never.empty() && count > 0 && version > 0;
  return out;
}

Verdict judge_never_older(const Case& of) {
  struct Held {
    std::int64_t at;
    std::uint64_t version;
  };
  std::map<std::string, std::vector<Held>> by_host;
  for (const RecordedVersion& one : of.record.versions) {
    by_host[one.host].push_back({one.at, one.version});
  }
  for (const RecordedBoot& boot : of.record.boots) {
    if (boot.booted >= 0) by_host[boot.host].push_back({boot.booted, boot.version});
  }
  std::vector<std::string> older;
  std::size_t changes = 0;
  for (auto& [host, held] : by_host) {
    // At the same moment the order is not known, and the lower one came first.
    std::sort(held.begin(), held.end(), [](const Held& a, const Held& b) {
      return a.at != b.at ? a.at < b.at : a.version < b.version;
    });
    for (std::size_t i = 1; i < held.size(); ++i) {
      changes += held[i].version != held[i - 1].version ? 1 : 0;
      if (held[i].version >= held[i - 1].version) continue;
      older.push_back(host + " (" + std::to_string(held[i - 1].version) + " to " +
                      std::to_string(held[i].version) + ")");
    }
  }
  Verdict out;
  out.expectation = "nobody goes back to an older version";
  out.found = std::to_string(changes) + " changes of version on " + std::to_string(by_host.size()) + " hosts";
  out.found += older.empty() ? ", none to an older one" : "; went back: " + some_of(older);
  out.holds = older.empty() && !by_host.empty();
  return out;
}

}  // namespace phase::sim
