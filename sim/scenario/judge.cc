#include "sim/scenario/judge.h"

#include <algorithm>

#include "sim/scenario/judge_parts.h"
#include "sim/scenario/schedule.h"
#include "sim/scenario/units.h"

namespace phase::sim {
namespace {

Verdict judge_images(const Case& of) {
  std::uint64_t sent = 0, payload = 0;
  std::vector<std::string> unseen;
  const auto names = who(of, HostRole::kProvider);
  for (const std::string& name : names) {
    const auto found = of.record.interface_sent.find(name);
    if (found == of.record.interface_sent.end()) unseen.push_back(name);
    else sent += found->second;
  }
  for (const RecordedBoot& boot : of.record.boots) {
    for (const auto& source : boot.sources) {
      if (std::find(names.begin(), names.end(), source.host) != names.end()) payload += source.bytes;
    }
  }
  Verdict out;
  out.expectation = who_text(of, "providers") + " send at most " +
                    decimal_text(of.expectation.limit, 2) + " images in all";
  if (!unseen.empty() || names.empty() || of.record.image_bytes == 0) {
    out.found = "not measured: " + (unseen.empty() ? "no image" : some_of(unseen));
    return out;
  }
  out.found = images_text(sent, of.record.image_bytes) + " over their links, of which " +
              bytes_text(payload) + " reached machines as payload";
  out.holds = static_cast<double>(sent) <=
              of.expectation.limit * static_cast<double>(of.record.image_bytes);
  return out;
}

Verdict judge_uplink(const Case& of) {
  Verdict out;
  out.holds = of.record.image_bytes > 0;
  for (const std::string& name : expand(of.scenario, of.expectation.targets.names)) {
    const auto lan = name.substr(std::string("lan:").size());
    const auto seen = of.record.uplinks.find(lan);
    if (!out.found.empty()) out.found += "; ";
    out.found += "LAN " + lan + ": ";
    if (seen == of.record.uplinks.end()) {
      out.holds = false;
      out.found += "not measured";
      continue;
    }
    out.found += images_text(seen->second.down, of.record.image_bytes) + " down, " +
                 bytes_text(seen->second.up) + " up";
    out.holds = out.holds && static_cast<double>(seen->second.down) <=
                                 of.expectation.limit * static_cast<double>(of.record.image_bytes);
  }
  out.expectation = "at most " + decimal_text(of.expectation.limit, 2) + " images come through the uplink of " +
                    who_text(of, "each LAN");
  out.holds = out.holds && !out.found.empty();
  return out;
}

Verdict judge_attacked(const Case& of) {
  Verdict out;
  std::uint64_t total = 0;
  std::vector<std::string> few;
  const auto names = who(of, HostRole::kHostile);
  for (const std::string& name : names) {
    const auto found = of.record.attacks.find(name);
    const auto count = found == of.record.attacks.end() ? 0 : found->second;
    total += count;
    if (count < std::max<std::uint64_t>(1, of.expectation.least)) few.push_back(name);
  }
  out.expectation = who_text(of, "all hostile hosts") + " attack at least " +
                    (of.expectation.least <= 1 ? "once" : std::to_string(of.expectation.least) + " times") +
                    " each";
  out.found = std::to_string(total) + " attacks by " + std::to_string(names.size()) + " hosts";
  if (!few.empty()) out.found += "; fewer by " + some_of(few);
  out.holds = few.empty() && !names.empty();
  return out;
}

Verdict judge_one(const Case& of) {
  switch (of.expectation.what) {
    case Expected::kBoots: return judge_boots(of);
    case Expected::kBootTime: return judge_boot_time(of);
    case Expected::kServesWithin: return judge_serving(of);
    case Expected::kConverges: return judge_converged(of);
    case Expected::kNeverOlder: return judge_never_older(of);
    case Expected::kImages: return judge_images(of);
    case Expected::kUplinkImages: return judge_uplink(of);
    case Expected::kFetchedOnce: return judge_fetched_once(of);
    case Expected::kFoundByDht: return judge_found_by_dht(of);
    case Expected::kAttacked: return judge_attacked(of);
    case Expected::kNothingUnsigned: return judge_intact(of);
  }
  return {};
}

}  // namespace

std::vector<std::string> who(const Case& of, HostRole role) {
  if (!of.expectation.targets.names.empty()) return expand(of.scenario, of.expectation.targets.names);
  std::vector<std::string> out;
  for (const HostChoice& host : of.scenario.hosts) {
    if (host.role != role) continue;
    const auto names = host_names(host);
    out.insert(out.end(), names.begin(), names.end());
  }
  return out;
}

std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 3;
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < kShown; ++i) {
    if (i > 0) out += names.size() <= kShown && i + 1 == names.size() ? " and " : ", ";
    out += names[i];
  }
  return names.size() <= kShown ? out : out + " and " + std::to_string(names.size() - kShown) + " more";
}

std::string who_text(const Case& of, const std::string& all) {
  const auto& names = of.expectation.targets.names;
  return names.empty() ? all : some_of(names);
}

std::string images_text(std::uint64_t bytes, std::uint64_t image_bytes) {
  if (image_bytes == 0) return bytes_text(bytes);
  return decimal_text(static_cast<double>(bytes) / static_cast<double>(image_bytes), 2) + " images (" +
         bytes_text(bytes) + ")";
}

std::string seconds_text(double seconds) {
  return duration_text(static_cast<std::int64_t>(seconds * 1000 + 0.5));
}

std::vector<Verdict> judge(const Scenario& scenario, const RunRecord& record) {
  std::vector<Verdict> out;
  for (const Expectation& expectation : scenario.expectations) {
    Verdict verdict = judge_one({scenario, record, expectation});
    verdict.reported = expectation.reported;
    if (!record.error.empty() || record.interrupted) {
      verdict.holds = false;
      verdict.found += record.error.empty() ? ", until the run was interrupted" : ", until the run broke";
    }
    out.push_back(std::move(verdict));
  }
  return out;
}

bool all_held(const RunRecord& record) {
  return record.error.empty() && !record.interrupted &&
         std::all_of(record.verdicts.begin(), record.verdicts.end(),
                     [](const Verdict& verdict) { return verdict.holds || verdict.reported; });
}

}  // namespace phase::sim
