// sim/scenario/page_parts.h
// The parts of the report's page, each a piece of HTML or SVG made of a record. Pure; whatever
// comes from a record passes html() or a number.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/run_record.h"

namespace phase::sim {

/// Text for elements and quoted attributes: at most `most` characters, what is no UTF-8, no
/// character to be seen, or turns the direction of writing is replaced.
[[nodiscard]] std::string html(std::string_view text, std::size_t most = 400);
/// A coordinate.
[[nodiscard]] std::string px(double value);

[[nodiscard]] std::string_view page_style();
[[nodiscard]] std::string topology_svg(const RunRecord& record);
[[nodiscard]] std::string timeline_svg(const RunRecord& record);
[[nodiscard]] std::string bytes_chart(const RunRecord& record);
/// The numbered steps below the timeline.
[[nodiscard]] std::string actions_list(const RunRecord& record);
[[nodiscard]] std::string boots_table(const RunRecord& record);
/// Bytes of links and uplinks, attacks delivered.
[[nodiscard]] std::string links_table(const RunRecord& record);

/// "25 Mbit/s, 25 ms + 0 to 5 ms, 1 % lost"; "full speed" for a link without limits.
[[nodiscard]] std::string link_text(const LinkChoice& link);

/// Maps times to coordinates, with the ticks of an axis.
class TimeScale {
 public:
  TimeScale(const RunRecord& record, double left, double right);
  [[nodiscard]] double x(std::int64_t at) const;
  /// Grid lines with times below `bottom`.
  [[nodiscard]] std::string axis(double top, double bottom) const;

 private:
  double begin_, end_, left_, right_;
};

}  // namespace phase::sim
