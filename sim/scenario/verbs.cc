#include "sim/scenario/verbs.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "sim/scenario/report_page.h"
#include "sim/scenario/run_record_json.h"
#include "sim/scenario/scenario_file.h"

namespace phase::sim {
namespace {

namespace fs = std::filesystem;

Result<std::string> read_text(const std::string& path, std::size_t most) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return {ErrorCode::kNotFound, path + ": no such file"};
  std::ifstream file(path, std::ios::binary);
  std::string out;
  // One byte more than allowed tells a file that is too large, also one that grows meanwhile.
  const auto size = std::min<std::uintmax_t>(fs::file_size(path, error), most) + 1;
  out.resize(error ? most + 1 : size);
  file.read(out.data(), static_cast<std::streamsize>(out.size()));
  out.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad() || !file.is_open()) return {ErrorCode::kStore, path + ": cannot be read"};
  if (out.size() > most) return {ErrorCode::kMalformed, path + ": over " + std::to_string(most) + " bytes"};
  return out;
}

/// A file beside, then renamed: a page that is cut off in the middle looks like a run that ended well.
Result<void> write_text(const std::string& path, const std::string& text) {
  const std::string beside = path + ".new";
  {
    std::ofstream file(beside, std::ios::binary | std::ios::trunc);
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
    file.close();
    if (!file) return {ErrorCode::kStore, beside + ": cannot be written"};
  }
  std::error_code error;
  fs::rename(beside, path, error);
  if (error) return {ErrorCode::kStore, path + ": " + error.message()};
  return {};
}

}  // namespace

Result<Scenario> read_scenario_file(const std::string& path) {
  const auto text = read_text(path, kMaxScenarioBytes);
  if (!text) return text.error();
  auto scenario = parse_scenario(*text, fs::path(path).stem().string());
  if (!scenario) return scenario.error().in(path);
  return scenario;
}

Result<std::vector<ListedScenario>> list_scenarios(const std::string& folder) {
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  if (error) return {ErrorCode::kNotFound, folder + ": " + error.message()};
  std::vector<ListedScenario> out;
  for (const auto& entry : entries) {
    if (entry.path().extension() != ".toml") continue;
    const auto scenario = read_scenario_file(entry.path().string());
    out.push_back({entry.path().string(), entry.path().stem().string(),
                   scenario ? scenario->title : scenario.error().detail, scenario.ok()});
  }
  std::sort(out.begin(), out.end(),
            [](const ListedScenario& a, const ListedScenario& b) { return a.name < b.name; });
  return out;
}

Result<void> write_report(const RunRecord& record, const std::string& scenario_file,
                          const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return {ErrorCode::kStore, folder + ": " + error.message()};
  const auto scenario = read_text(scenario_file, kMaxScenarioBytes);
  if (!scenario) return scenario.error();
  const std::string in = folder + "/";
  if (auto copied = write_text(in + kScenarioCopy, *scenario); !copied) return copied;
  if (auto written = write_text(in + kRecordFile, write_run_record(record)); !written) return written;
  return write_text(in + kPageFile, report_page(record));
}

Result<RunRecord> read_record(const std::string& folder) {
  const std::string path = folder + "/" + kRecordFile;
  const auto text = read_text(path, kMaxRecordBytes);
  if (!text) return text.error();
  auto record = parse_run_record(*text);
  if (!record) return record.error().in(path);
  return record;
}

Result<RunRecord> remake_page(const std::string& folder) {
  auto record = read_record(folder);
  if (!record) return record;
  if (auto written = write_text(folder + "/" + kPageFile, report_page(*record)); !written) {
    return written.error();
  }
  return record;
}

}  // namespace phase::sim
