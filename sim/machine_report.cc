#include "sim/machine_report.h"

#include <nlohmann/json.hpp>

namespace phase::sim {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::string_view kPrefix = "PHASE-REPORT ";

ReportedSource source_of(const Json& in) {
  return {in.value("peer", ""), in.value("bytes", std::uint64_t{0}), in.value("how", ""),
          in.value("bad_pieces", std::uint32_t{0}), in.value("banned", false)};
}

MachineReport report_of(const Json& in) {
  MachineReport report;
  report.stage = in.value("stage", "");
  report.ok = in.value("ok", false);
  report.version = in.value("version", std::uint64_t{0});
  report.key = in.value("key", "");
  report.channel = in.value("channel", "");
  report.arch = in.value("arch", "");
  report.error = in.value("error", "");
  report.detail = in.value("detail", "");
  const Json stages = in.value("stages", Json::object());
  for (const auto& [name, seconds] : stages.items()) {
    report.stages.emplace_back(name, seconds.get<double>());
  }
  for (const Json& source : in.value("sources", Json::array())) {
    report.sources.push_back(source_of(source));
  }
  for (const Json& refusal : in.value("refusals", Json::array())) {
    report.refusals.push_back(refusal.get<std::string>());
  }
  report.path = in.value("path", "");
  return report;
}

}  // namespace

std::optional<MachineReport> parse_machine_report(std::string_view console_line) {
  const auto begin = console_line.find(kPrefix);
  if (begin == std::string_view::npos) return std::nullopt;
  try {
    const auto json = Json::parse(console_line.substr(begin + kPrefix.size()));
    if (!json.is_object()) return std::nullopt;
    return report_of(json);
  } catch (const Json::exception&) {
    return std::nullopt;  // A line that the console cut, or somebody else's.
  }
}

}  // namespace phase::sim
