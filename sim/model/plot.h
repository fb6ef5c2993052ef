// sim/model/plot.h
// One drawing of lines over two axes, as SVG that needs nothing else. The same bytes for the same figures.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace phase::sim::model {

struct Curve {
  std::string name;
  std::vector<std::pair<double, double>> points;
};

struct Drawing {
  std::string title, x, y;   ///< Of the axes, with their unit.
  bool log_x = false, log_y = false;  ///< What is not above 0 is left out there.
  std::vector<Curve> curves;  ///< At most kMostCurves are told apart.
};
inline constexpr std::size_t kMostCurves = 8;

[[nodiscard]] std::string svg(const Drawing& drawing);

}  // namespace phase::sim::model
