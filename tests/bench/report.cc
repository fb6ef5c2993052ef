#include "tests/bench/report.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "sim/command.h"
#include "sim/must.h"

namespace phase::bench {
namespace {

std::string text_of(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  const auto& figure = std::get<Figure>(cell);
  char out[64];
  std::snprintf(out, sizeof out, "%.*f", figure.digits, figure.value);
  return out;
}

nlohmann::json json_of(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  return std::get<Figure>(cell).value;
}

void print(const Table& table) {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    widths.push_back(table.columns[i].size());
    for (const auto& row : table.rows) widths[i] = std::max(widths[i], text_of(row.at(i)).size());
  }
  const auto line = [&](const auto& text_at) {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const int width = static_cast<int>(widths[i]) * (i == 0 ? -1 : 1);
      std::printf("%s%*s", i == 0 ? "" : "  ", width, text_at(i).c_str());
    }
    std::printf("\n");
  };
  std::printf("\n%s\n", table.title.c_str());
  line([&](std::size_t i) { return table.columns[i]; });
  for (const auto& row : table.rows) line([&](std::size_t i) { return text_of(row[i]); });
  std::fflush(stdout);
}

void write(const std::string& path, const std::string& text) {
  std::ofstream out(path);
  out << text;
  if (!out.flush()) throw std::runtime_error("cannot write " + path);
}

/// In gnuplot's double quotes nothing of ours may end the string or run a command.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c != '"' && c != '\\' && c != '`') out += c;
  }
  return out + "\"";
}

std::string script(const Plot& plot, const std::string& base) {
  std::string out = "set terminal svg size 800,480 noenhanced background '#ffffff'\n";
  out += "set output " + quoted(base + ".svg") + "\nset title " + quoted(plot.title) + "\n";
  out += "set xlabel " + quoted(plot.x) + "\nset ylabel " + quoted(plot.y) + "\n";
  out += "set yrange [0:*]\nset grid\nset key outside below\n";
  if (plot.log_x) out += "set logscale x 2\n";
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    out += "$s" + std::to_string(i) + " << EOD\n";
    for (const auto& [x, y] : plot.series[i].points) {
      out += std::to_string(x) + " " + std::to_string(y) + "\n";
    }
    out += "EOD\n";
  }
  out += "plot ";
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    out += (i == 0 ? "" : ", ") + ("$s" + std::to_string(i)) + " with linespoints linewidth 2 title " +
           quoted(plot.series[i].name);
  }
  return out + "\n";
}

}  // namespace

Report::Report(std::string folder) : folder_(std::move(folder)) {
  if (!folder_.empty()) std::filesystem::create_directories(folder_);
}

void Report::add(const Table& table) const {
  print(table);
  if (folder_.empty()) return;
  nlohmann::json out = {{"title", table.title}, {"columns", table.columns}};
  auto& rows = out["rows"] = nlohmann::json::array();
  for (const auto& row : table.rows) {
    auto cells = nlohmann::json::array();
    for (const Cell& cell : row) cells.push_back(json_of(cell));
    rows.push_back(std::move(cells));
  }
  write(folder_ + "/" + table.name + ".json", out.dump(1) + "\n");
}

void Report::add(const Plot& plot) const {
  if (folder_.empty()) return;
  const std::string base = folder_ + "/" + plot.name;
  nlohmann::json out = {{"title", plot.title}, {"x", plot.x}, {"y", plot.y}};
  auto& series = out["series"] = nlohmann::json::array();
  for (const Series& one : plot.series) {
    series.push_back({{"name", one.name}, {"points", one.points}});
  }
  write(base + ".json", out.dump(1) + "\n");
  write(base + ".gp", script(plot, base));
  (void)sim::must(sim::run_command({"gnuplot", base + ".gp"}));
  std::filesystem::remove(base + ".gp");
}

}  // namespace phase::bench
