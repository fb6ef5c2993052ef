#include <algorithm>
#include <array>
#include <map>

#include "sim/scenario/names.h"
#include "sim/scenario/page_parts.h"
#include "sim/scenario/units.h"

namespace phase::sim {
namespace {

constexpr double kWidth = 1100, kHeight = 280;
constexpr double kLeft = 84, kRight = kWidth - 14, kTop = 12, kBottom = kHeight - 24;
constexpr std::size_t kColours = 8;  // .c0 to .c7 of the page's style; the last is "others"
constexpr std::size_t kMaxSamples = 600;

/// Bytes of one band of the chart, at each sample.
struct Series {
  std::string name;
  std::vector<double> bytes;
};

/// Alike hosts are one source where there are more sources than colours.
std::string band_of(const std::string& source, const std::map<std::string, std::string>& groups, bool grouped) {
  const auto found = groups.find(source);
  return grouped && found != groups.end() ? found->second : source;
}

std::vector<Series> series_of(const RunRecord& record, const std::vector<const RecordedBytes*>& samples) {
  std::map<std::string, std::string> groups;
  std::map<std::string, int> sizes;
  for (const RecordedHost& host : record.hosts) ++sizes[host.group];
  for (const RecordedHost& host : record.hosts) {
    const bool many = !host.group.empty() && sizes[host.group] > 1;
    groups[host.name] = many ? host.group + "* (" + role_name(host.role) + "s)" : host.name;
  }
  std::map<std::string, std::size_t> sources;
  for (const RecordedBytes* sample : samples) {
    for (const auto& [host, bytes] : sample->sent_by) sources.emplace(host, 0);
  }
  const bool grouped = sources.size() > kColours;
  std::map<std::string, Series> bands;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    for (const auto& [host, bytes] : samples[i]->sent_by) {
      const auto band = band_of(host, groups, grouped);
      auto& series = bands[band];
      series.name = band;
      series.bytes.resize(samples.size());
      series.bytes[i] += static_cast<double>(bytes);
    }
  }
  std::vector<Series> out;
  for (auto& [name, series] : bands) out.push_back(std::move(series));
  std::stable_sort(out.begin(), out.end(), [](const Series& a, const Series& b) { return a.bytes.back() > b.bytes.back(); });
  while (out.size() > kColours) {
    const Series last = std::move(out.back());
    out.pop_back();
    Series& others = out.back();
    others.name = "others";
    for (std::size_t i = 0; i < last.bytes.size(); ++i) others.bytes[i] += last.bytes[i];
  }
  return out;
}

std::vector<const RecordedBytes*> samples_of(const RunRecord& record) {
  std::vector<const RecordedBytes*> out;
  const std::size_t step = record.bytes.size() / kMaxSamples + 1;
  for (std::size_t i = 0; i < record.bytes.size(); i += step) out.push_back(&record.bytes[i]);
  if (!record.bytes.empty() && out.back() != &record.bytes.back()) out.push_back(&record.bytes.back());
  std::stable_sort(out.begin(), out.end(), [](const auto* a, const auto* b) { return a->at < b->at; });
  return out;
}

/// A round step in bytes: about five lines up to `most`.
double step_of(double most) {
  double step = 1024;
  while (most / step > 5) {
    // 1, 2, 5 would leave the powers of two that bytes are told in.
    step *= most / step > 10 ? 4 : 2;
  }
  return step;
}

/// Stacked areas that rise in steps: between two samples nothing is known.
std::string areas(const std::vector<Series>& series, const std::vector<const RecordedBytes*>& samples,
                  const TimeScale& scale, double most) {
  const auto y = [&](double bytes) { return kBottom - bytes / most * (kBottom - kTop); };
  std::vector<double> below(samples.size());
  std::string out;
  for (std::size_t n = 0; n < series.size(); ++n) {
    std::string up, down;
    double before_up = kBottom, before_down = kBottom;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const std::string x = px(scale.x(samples[i]->at));
      const double high = y(below[i] + series[n].bytes[i]), low = y(below[i]);
      up += (i == 0 ? "M" : "L") + x + " " + px(i == 0 ? high : before_up) + "L" + x + " " + px(high);
      down = "L" + x + " " + px(low) + "L" + x + " " + px(i == 0 ? low : before_down) + down;
      before_up = high;
      before_down = low;
      below[i] += series[n].bytes[i];
    }
    out += "<path class=\"c" + std::to_string(n) + "\" d=\"" + up + down + "Z\"><title>" +
           html(series[n].name + ": " + bytes_text(static_cast<std::uint64_t>(series[n].bytes.back()))) + "</title></path>";
  }
  return out;
}

}  // namespace

std::string bytes_chart(const RunRecord& record) {
  const auto samples = samples_of(record);
  const auto series = samples.empty() ? std::vector<Series>{} : series_of(record, samples);
  double most = 0;
  for (const Series& one : series) most += one.bytes.back();
  if (most <= 0) return "<p class=\"soft\" id=\"bytes\">No machine received anything.</p>";
  // A sample may be higher than the last where a record is not one of ours.
  for (std::size_t i = 0; i < samples.size(); ++i) {
    double sum = 0;
    for (const Series& one : series) sum += one.bytes[i];
    most = std::max(most, sum);
  }
  const TimeScale scale(record, kLeft, kRight);
  std::string out = "<div class=\"legend\">";
  for (std::size_t n = 0; n < series.size(); ++n) {
    const double bytes = series[n].bytes.back();
    out += "<span><i class=\"c" + std::to_string(n) + "\"></i>" + html(series[n].name, 48) + ": " +
           bytes_text(static_cast<std::uint64_t>(bytes)) + " (" + decimal_text(bytes / most * 100, 0) + " %)</span>";
  }
  out += "</div><div class=\"box\" id=\"bytes\"><svg role=\"img\" aria-label=\"Bytes by source\" viewBox=\"0 0 " + px(kWidth) +
         " " + px(kHeight) + "\">" + scale.axis(kTop, kBottom);
  const double step = step_of(most);
  for (double at = 0; at <= most; at += step) {
    const double y = kBottom - at / most * (kBottom - kTop);
    out += "<line class=\"grid\" x1=\"" + px(kLeft) + "\" x2=\"" + px(kRight) + "\" y1=\"" + px(y) + "\" y2=\"" + px(y) +
           "\"/><text class=\"tick\" text-anchor=\"end\" x=\"" + px(kLeft - 8) + "\" y=\"" + px(y + 4) + "\">" +
           (at == 0 ? "0" : bytes_text(static_cast<std::uint64_t>(at))) + "</text>";
  }
  return out + areas(series, samples, scale, most) + "</svg></div>";
}

}  // namespace phase::sim
