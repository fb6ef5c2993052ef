#include "sim/scenario/run_boot.h"

#include <cctype>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace phase::sim {
namespace {

FetchReport report_in(const nlohmann::json& json) {
  FetchReport out;
  out.ok = json.at("ok").get<bool>();
  if (out.ok) {
    out.version = json.at("version").get<std::uint64_t>();
    out.folder = json.at("folder").get<std::string>();
  } else {
    out.error = json.at("error").at("detail").get<std::string>();
  }
  const auto none = nlohmann::json::array();
  for (const auto& stage : json.value("stages", none)) {
    out.stages.emplace_back(stage.at("stage").get<std::string>(), stage.at("seconds").get<double>());
  }
  for (const auto& source : json.value("sources", none)) {
    out.sources.push_back({.peer = source.at("peer").get<std::string>(),
                           .bytes = source.at("bytes").get<std::uint64_t>(),
                           .how = source.at("how").get<std::string>(),
                           .bad_pieces = source.at("bad_pieces").get<std::uint32_t>(),
                           .banned = source.at("banned").get<bool>()});
  }
  for (const auto& refusal : json.value("refusals", none)) {
    out.refusals.push_back(refusal.get<std::string>());
  }
  return out;
}

}  // namespace

void FetchReader::take(const std::string& line) {
  if (line == "{") {
    inside_ = true;
    json_.clear();
  }
  if (!inside_) {
    last_words_ = line;
    return;
  }
  json_ += line + "\n";
  if (line == "}") inside_ = false;
}

std::optional<FetchReport> FetchReader::report() const {
  if (json_.empty() || inside_) return std::nullopt;
  try {
    return report_in(nlohmann::json::parse(json_));
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

bool says_fetching(std::string_view line) {
  const auto percent = line.find(" % of ");
  if (percent == std::string_view::npos || percent == 0) return false;
  return line.find("MiB", percent) != std::string_view::npos &&
         line.substr(0, percent).find_first_of("123456789") != std::string_view::npos;
}

std::uint64_t version_in(std::string_view line) {
  const auto at = line.find(" version=");
  if (line.find("serving channel=") == std::string_view::npos || at == std::string_view::npos) return 0;
  return std::strtoull(std::string(line.substr(at + 9)).c_str(), nullptr, 10);
}

std::int64_t add_stages(const std::vector<std::pair<std::string, double>>& seconds, std::int64_t begin,
                        std::vector<RecordedStage>& stages) {
  double at = static_cast<double>(begin);
  for (const auto& [name, length] : seconds) {
    const double end = at + length * 1000;
    stages.push_back({std::llround(at), std::llround(end), name});
    at = end;
  }
  return std::llround(at);
}

void add_sources(const std::vector<ReportedSource>& sources, const RunSite& site, RecordedBoot& boot) {
  for (const ReportedSource& source : sources) {
    if (source.bytes == 0 && source.bad_pieces == 0) continue;
    boot.sources.push_back(
        {.host = source.how == "cache" ? "cache" : site.name_of(source.peer),
         .how = source.how,
         .bytes = source.bytes,
         .bad_pieces = source.bad_pieces});
  }
}

}  // namespace phase::sim
