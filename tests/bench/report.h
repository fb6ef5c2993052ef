// tests/bench/report.h
// What a benchmark leaves: a table on stdout, and in a folder `<name>.json` with the same figures
// and, where a table tires, `<name>.svg`, drawn by gnuplot.
//
// Threads: one. Errors are exceptions, which end the benchmark.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace phase::bench {

/// Text, or a figure and how many digits of it are told.
struct Figure {
  double value = 0;
  int digits = 3;
};
using Cell = std::variant<std::string, Figure>;

struct Table {
  std::string name;                  ///< Of the files, [a-z0-9-].
  std::string title;                 ///< With the link, sizes and counts that it holds for.
  std::vector<std::string> columns;  ///< With their unit: "seconds", "MB/s".
  std::vector<std::vector<Cell>> rows;
};

struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;
};

struct Plot {
  std::string name;  ///< Of the files, another one than the table's.
  std::string title, x, y;
  std::vector<Series> series;
  bool log_x = false;
};

class Report {
 public:
  /// Makes `folder`. Empty: tables are printed and nothing is written.
  explicit Report(std::string folder);
  void add(const Table& table) const;
  void add(const Plot& plot) const;

 private:
  std::string folder_;
};

}  // namespace phase::bench
