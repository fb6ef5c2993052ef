// sim/scenario/run_boot.h
// Reads what a booting machine says into a run's record: the JSON of `plasmd fetch --json`, or a
// QEMU machine's console.
//
// Threads: the owner's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/machine_report.h"
#include "sim/scenario/run_record.h"
#include "sim/scenario/run_site.h"

namespace phase::sim {

/// What a fetch says of itself.
struct FetchReport {
  bool ok = false;
  std::uint64_t version = 0;
  std::string folder, error;
  std::vector<std::pair<std::string, double>> stages;  ///< Name, seconds; in order.
  std::vector<ReportedSource> sources;
  std::vector<std::string> refusals;
};

/// Takes line after line of `plasmd fetch --json`, stdout and stderr in one stream.
class FetchReader {
 public:
  void take(const std::string& line);
  /// None where no whole report came.
  [[nodiscard]] std::optional<FetchReport> report() const;
  /// The last line beside the report: why it failed, where it did.
  [[nodiscard]] const std::string& last_words() const { return last_words_; }

 private:
  std::string json_, last_words_;
  bool inside_ = false;
};

/// True for a line of progress after the release's first byte.
[[nodiscard]] bool says_fetching(std::string_view line);

/// N of "…version=N…" in a line that begins a released version ("serving channel=…"); 0: none.
[[nodiscard]] std::uint64_t version_in(std::string_view line);

/// Adds spans to `stages`, one behind the other from `begin` on: where the last one ends.
std::int64_t add_stages(const std::vector<std::pair<std::string, double>>& seconds, std::int64_t begin,
                        std::vector<RecordedStage>& stages);

void add_sources(const std::vector<ReportedSource>& sources, const RunSite& site, RecordedBoot& boot);

}  // namespace phase::sim
