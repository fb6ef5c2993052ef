// sim/scenario/report_page.h
// A run as one HTML page for somebody who was not there (docs/SCENARIOS.md, "The report"): it
// fetches nothing, needs no script, follows the reader's light or dark, and prints. Everything that
// came from hosts is escaped. Pure.
#pragma once

#include <string>

#include "sim/scenario/run_record.h"

namespace phase::sim {

[[nodiscard]] std::string report_page(const RunRecord& record);

}  // namespace phase::sim
