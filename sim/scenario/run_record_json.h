// sim/scenario/run_record_json.h
// A run's record as JSON, for programs and for making the page again. Adapts nlohmann::json.
#pragma once

#include <string>
#include <string_view>

#include "proto/result.h"
#include "sim/scenario/run_record.h"

namespace phase::sim {

inline constexpr std::size_t kMaxRecordBytes = std::size_t{256} << 20;

/// ASCII, keys as the fields of run_record.h. What is no UTF-8 in texts becomes U+FFFD.
[[nodiscard]] std::string write_run_record(const RunRecord& record);

/// Every field must be there and of its kind, and nothing else; at most kMaxRecordBytes.
/// kMalformed names the field.
[[nodiscard]] Result<RunRecord> parse_run_record(std::string_view json);

}  // namespace phase::sim
