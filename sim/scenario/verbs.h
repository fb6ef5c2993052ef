// sim/scenario/verbs.h
// What `phase-sim list` and `phase-sim report` do, and how a run's folder is written. The only files
// of the reporting half that touch the disk.
#pragma once

#include <string>
#include <vector>

#include "proto/result.h"
#include "sim/scenario/run_record.h"
#include "sim/scenario/scenario.h"

namespace phase::sim {

/// A scenario from its file; its name is the file's, without ".toml". Errors name the file.
[[nodiscard]] Result<Scenario> read_scenario_file(const std::string& path);

struct ListedScenario {
  std::string path, name;
  std::string title;  ///< Or why the file cannot be read.
  bool readable = true;
};
/// The *.toml files of `folder`, by name. kNotFound where there is no such folder.
[[nodiscard]] Result<std::vector<ListedScenario>> list_scenarios(const std::string& folder);

inline constexpr const char* kScenarioCopy = "scenario.toml";
inline constexpr const char* kRecordFile = "run.json";
inline constexpr const char* kPageFile = "index.html";

/// Copies the scenario's file, then writes run.json and index.html, into `folder`, which is made.
/// Each is whole or not there.
[[nodiscard]] Result<void> write_report(const RunRecord& record, const std::string& scenario_file,
                                        const std::string& folder);
/// run.json of a folder, for `replay` and `report`.
[[nodiscard]] Result<RunRecord> read_record(const std::string& folder);
/// index.html again from run.json.
[[nodiscard]] Result<RunRecord> remake_page(const std::string& folder);

}  // namespace phase::sim
