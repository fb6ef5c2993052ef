#include "sim/scenario/scenario_file.h"

#include <string>

#include "sim/scenario/scenario_parts.h"

namespace phase::sim {
namespace {

constexpr std::size_t kMaxTitle = 120;
constexpr std::size_t kMaxStory = 4000;
constexpr const char* kPackaged = "packaged kernel";

/// A table that stands once; an empty one where it is absent.
const TomlTable& table(const TomlTable& top, std::string_view key, Problem& problem) {
  static const TomlTable kEmpty;
  const TomlMember* member = top.find(key);
  if (member == nullptr) return kEmpty;
  if (const auto* found = std::get_if<TomlTable>(&member->value.is)) return *found;
  problem.at(member->line, "expected a table [" + std::string(key) + "]");
  return kEmpty;
}

void read_release(const TomlTable& top, Scenario& scenario, Problem& problem) {
  const Fields fields(table(top, "release", problem), "[release]", {"image"}, problem);
  if (!fields.has("image")) return problem.at(1, "[release] with 'image' is needed");
  if (fields.text("image", 64) == kPackaged) {
    scenario.real_kernel = true;
  } else {
    scenario.image_bytes = fields.size("image", 1 << 20, 1 << 30, 0);
  }
}

void read_dht(const TomlTable& top, Scenario& scenario, Problem& problem) {
  const Fields fields(table(top, "dht", problem), "[dht]", {"item_lifetime", "put_interval"},
                      problem);
  const auto seconds = [&](const char* key) {
    const auto value = std::chrono::duration_cast<std::chrono::seconds>(
        fields.duration(key, kMaxTimeLimit));
    if (fields.has(key) && value.count() == 0) fields.refuse(key, "at least 1 s");
    return value;
  };
  scenario.item_lifetime = seconds("item_lifetime");
  scenario.put_interval = seconds("put_interval");
}

}  // namespace

Result<Scenario> parse_scenario(std::string_view toml, std::string_view name) {
  const auto top = parse_toml(toml, kMaxScenarioBytes);
  if (!top) return top.error();
  Problem problem;
  Scenario out;
  out.name = name;
  const Fields fields(
      *top, "a scenario",
      {"title", "story", "time_limit", "release", "dht", "lan", "host", "step", "expect"}, problem);
  for (const char* key : {"title", "time_limit", "host", "expect"}) fields.need(key);
  out.title = fields.text("title", kMaxTitle);
  out.story = fields.text("story", kMaxStory);
  out.time_limit = fields.whole_ms("time_limit", kMaxTimeLimit);
  if (fields.has("time_limit") && out.time_limit.count() < 1000) {
    fields.refuse("time_limit", "at least 1 s");
  }
  read_release(*top, out, problem);
  read_dht(*top, out, problem);
  read_hosts(*top, out, problem);
  // What names hosts is judged only where there are the right ones to be named.
  if (!problem.first()) read_timeline(*top, out, problem);
  if (!problem.first()) read_expectations(*top, out, problem);
  if (problem.first()) return *problem.first();
  return out;
}

}  // namespace phase::sim
