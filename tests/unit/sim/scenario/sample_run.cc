#include "tests/unit/sim/scenario/sample_run.h"

#include <algorithm>

#include "sim/scenario/judge.h"
#include "sim/scenario/schedule.h"

namespace phase::sim {
namespace {

constexpr std::uint64_t kImage = 16 << 20;
constexpr std::int64_t kApart = 700;  // between machines, ms

HostChoice host(const char* name, HostRole role, std::uint32_t count) {
  HostChoice out;
  out.name = name;
  out.role = role;
  out.count = count;
  out.from_start = role != HostRole::kMachine;
  out.link.rate = Rate{25'000'000};
  out.link.path.delay = std::chrono::milliseconds(25);
  return out;
}

Expectation expectation(Expected what, double limit = 0) {
  Expectation out;
  out.what = what;
  out.limit = limit;
  return out;
}

/// Every 14th machine, 150 at most: those in the office.
std::uint32_t in_office(std::uint32_t machines) {
  return std::max<std::uint32_t>(1, machines / 14);
}

void add_stages(RunRecord& record, const std::string& name, const RecordedBoot& boot) {
  auto& stages = record.stages[name];
  std::int64_t at = boot.switched_on;
  const auto add = [&](const char* stage, std::int64_t length) {
    stages.push_back({at, at + length, stage});
    at += length;
  };
  stages.push_back({0, at, "off"});
  add("network", 300);
  add("discover", 350);
  add("providers", 250);
  if (boot.booted < 0) {
    add("artifacts", 9000);
    stages.push_back({at, record.length, "failed"});
    return;
  }
  add("artifacts", boot.booted - at - 400);
  add("verify", 400);
  add("booted", boot.serving - at);
  stages.push_back({at, record.length, "serving"});
}

RecordedBoot boot_of(const RunRecord& record, const std::string& name, std::uint32_t index, std::uint32_t all) {
  RecordedBoot boot;
  boot.host = name;
  boot.switched_on = 1000 + kApart * index;
  boot.version = 1;
  const bool fails = all >= 50 && index == 17;
  if (fails) {
    boot.error = "no-provider: the pointer was found, nobody serves the release; <b>is a provider up?</b>";
    boot.refusals = {"manifest from 10.77.5.1: bad signature", "piece 7 from 10.77.5.1: wrong hash"};
    return boot;
  }
  boot.booted = boot.switched_on + 6200 + index * 37 % 1900 + (all >= 50 && index == 40 ? 21'000 : 0);
  boot.serving = boot.booted + 800 + index % 7 * 90;
  boot.intact = true;
  const bool early = index < 3;
  boot.sources.push_back({"prov1", "dht", early ? kImage / 2 : kImage / 16, 0});
  boot.sources.push_back({"prov2", "dht", early ? kImage / 2 : kImage / 16, 0});
  if (!early) {
    for (std::uint32_t from = 0; from < 3; ++from) {
      const auto& sender = record.boots[from * index / 4 % record.boots.size()].host;
      boot.sources.push_back({sender, from == 1 ? "pex" : "dht", kImage * 7 / 24, 0});
    }
    if (index % 5 == 0) boot.sources.push_back({"bad", "dht", 16384, 1});
  }
  return boot;
}

void add_bytes(RunRecord& record) {
  auto boots = record.boots;
  std::sort(boots.begin(), boots.end(), [](const auto& a, const auto& b) { return a.booted < b.booted; });
  RecordedBytes sum;
  record.bytes.push_back(sum);
  for (const RecordedBoot& boot : boots) {
    if (boot.booted < 0) continue;
    sum.at = boot.booted;
    for (const auto& source : boot.sources) {
      sum.sent_by[source.host] += source.bytes;
      record.interface_sent[source.host] += source.bytes + source.bytes / 20;
      record.interface_received[boot.host] += source.bytes + source.bytes / 20;
    }
    record.bytes.push_back(sum);
  }
}

}  // namespace

Scenario sample_scenario(std::uint32_t machines) {
  Scenario out;
  out.name = "sample";
  out.title = "A provider dies while machines fetch from it";
  out.story =
      "Three providers hold the release; nobody else does. The machines are switched on one after the other, "
      "some of them in an office behind one slow uplink. Once three are up, a provider is killed: those that "
      "were fetching from it have to go on with the others, and what comes later has to find those that booted.";
  out.time_limit = std::chrono::minutes(5);
  out.image_bytes = kImage;
  out.lans.push_back({"office", Rate{10'000'000}});
  out.hosts = {host("pub", HostRole::kPublisher, 1), host("prov", HostRole::kProvider, 3),
               host("bad", HostRole::kHostile, 1), host("node", HostRole::kDhtNode, 20),
               host("m", HostRole::kMachine, machines - in_office(machines)),
               host("desk", HostRole::kMachine, in_office(machines))};
  out.hosts[2].attack = "peer corrupt";
  out.hosts[5].lan = "office";
  Step start;
  start.targets.names = {"m*", "desk*"};
  start.spread = std::chrono::milliseconds(kApart);
  Step kill;
  kill.after = "booted 3";
  kill.action = Action::kKill;
  kill.targets = {{"prov*"}, 1};
  out.timeline = {start, kill};
  out.expectations = {expectation(Expected::kBoots),          expectation(Expected::kBootTime, 20),
                      expectation(Expected::kServesWithin, 5), expectation(Expected::kFetchedOnce, 1.1),
                      expectation(Expected::kFoundByDht),      expectation(Expected::kNothingUnsigned),
                      expectation(Expected::kNeverOlder),      expectation(Expected::kAttacked),
                      expectation(Expected::kImages, 1.2)};
  out.expectations.back().targets.names = {"prov*"};
  out.expectations.back().reported = true;
  return out;
}

RunRecord sample_run(std::uint32_t machines) {
  const Scenario scenario = sample_scenario(machines);
  const Schedule schedule = draw_schedule(scenario, 7);
  RunRecord out;
  out.scenario = scenario.name;
  out.title = scenario.title;
  out.story = scenario.story;
  out.rng_seed = 7;
  out.replay = replay_command("sim/scenarios/sample.toml", 7, "report");
  out.begun = "2026-11-23T22:10:00Z";
  out.length = 1000 + kApart * machines + 32'000;
  out.image_bytes = kImage;
  out.lans = scenario.lans;
  std::uint32_t machine = 0;
  for (const DrawnHost& drawn : schedule.hosts) {
    const HostChoice& choice = scenario.hosts[drawn.choice];
    out.hosts.push_back({drawn.name, choice.name,
                         "10.77." + std::to_string(drawn.choice) + "." + std::to_string(out.hosts.size() % 250), choice.lan,
                         choice.role, choice.kind, choice.link});
    if (choice.role != HostRole::kMachine) {
      out.stages[drawn.name] = {{-4000, out.length, "serving"}};
      continue;
    }
    out.boots.push_back(boot_of(out, drawn.name, machine++, machines));
    add_stages(out, drawn.name, out.boots.back());
    if (out.boots.back().booted >= 0) out.versions.push_back({out.boots.back().booted, drawn.name, 1});
  }
  const std::int64_t killed = 9800;
  out.stages["prov3"] = {{-4000, killed, "serving"}, {killed, out.length, "killed"}};
  out.actions = {{1000, "start 1", schedule.steps[0].targets, ""}, {killed, "kill 1", {"prov3"}, ""}};
  add_bytes(out);
  out.attacks["bad"] = 1 + machines / 5;
  out.uplinks["office"] = {kImage * in_office(machines), 3 << 20};
  out.verdicts = judge(scenario, out);
  return out;
}

}  // namespace phase::sim
