#include "sim/model/plot.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "sim/model/format.h"

namespace phase::sim::model {
namespace {

constexpr double kWidth = 760, kHeight = 420, kLeft = 84, kRight = 24, kTop = 44, kBottom = 56;
constexpr std::array<const char*, kMostCurves> kColours = {"#1b6ca8", "#d1495b", "#2e8b57", "#e29930",
                                                           "#6b4e9b", "#555555", "#00838f", "#8d6e63"};

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '&') out += "&amp;";
    else if (c == '"') out += "&quot;";
    else out += c;
  }
  return out;
}

std::string text_at(double x, double y, const char* anchor, const std::string& text, const char* more = "") {
  return format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s>", x, y, anchor, more) + escaped(text) + "</text>\n";
}

/// From values to places, and where its ticks are.
class Axis {
 public:
  Axis(bool log, double least, double most, double from, double to) : log_(log), from_(from), to_(to) {
    if (log_) {
      low_ = std::floor(std::log10(least) + 1e-9);
      high_ = std::max(low_ + 1, std::ceil(std::log10(most) - 1e-9));
      return;
    }
    low_ = std::min(0.0, least);
    const double range = std::max(most - low_, 1e-9);
    const double power = std::pow(10, std::floor(std::log10(range / 5)));
    step_ = power * (range / 5 / power > 5 ? 10 : range / 5 / power > 2 ? 5 : range / 5 / power > 1 ? 2 : 1);
    high_ = std::ceil(most / step_ - 1e-9) * step_;
    if (high_ <= low_) high_ = low_ + step_;
  }
  [[nodiscard]] double place(double value) const {
    const double at = log_ ? std::log10(value) : value;
    return from_ + (at - low_) / (high_ - low_) * (to_ - from_);
  }
  [[nodiscard]] std::vector<double> ticks() const {
    std::vector<double> out;
    if (log_) {
      const double every = std::max(1.0, std::ceil((high_ - low_) / 8));
      const int count = static_cast<int>((high_ - low_) / every + 1e-9);
      for (int i = 0; i <= count; ++i) out.push_back(std::pow(10, low_ + i * every));
      return out;
    }
    const int count = static_cast<int>((high_ - low_) / step_ + 0.5);
    for (int i = 0; i <= count; ++i) {
      const double at = low_ + i * step_;
      out.push_back(std::abs(at) < step_ / 2 ? 0 : at);
    }
    return out;
  }

 private:
  bool log_;
  double from_, to_, low_ = 0, high_ = 1, step_ = 1;
};

std::string label(double value) {
  const double size = std::abs(value);
  if (size >= 1e9) return format("%gG", value / 1e9);
  if (size >= 1e6) return format("%gM", value / 1e6);
  if (size >= 1e4) return format("%gk", value / 1e3);
  return format("%g", value);
}

}  // namespace

std::string svg(const Drawing& drawing) {
  const auto drawn = [&](const std::pair<double, double>& point) {
    return std::isfinite(point.first) && std::isfinite(point.second) && (!drawing.log_x || point.first > 0) &&
           (!drawing.log_y || point.second > 0);
  };
  double least_x = 1e300, most_x = -1e300, least_y = 1e300, most_y = -1e300;
  for (const Curve& curve : drawing.curves) {
    for (const auto& point : curve.points) {
      if (!drawn(point)) continue;
      least_x = std::min(least_x, point.first);
      most_x = std::max(most_x, point.first);
      least_y = std::min(least_y, point.second);
      most_y = std::max(most_y, point.second);
    }
  }
  if (least_x > most_x) least_x = least_y = 0.1, most_x = most_y = 1;
  const Axis x(drawing.log_x, least_x, most_x, kLeft, kWidth - kRight);
  const Axis y(drawing.log_y, least_y, most_y, kHeight - kBottom, kTop);
  std::string out = format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" "
                           "font-family=\"sans-serif\" font-size=\"12\">\n", kWidth, kHeight);
  out += "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
  out += text_at(kWidth / 2, 20, "middle", drawing.title, " font-size=\"15\"");
  for (const double tick : x.ticks()) {
    const double at = x.place(tick);
    out += format("<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#e4e4e4\"/>\n", at, at, kTop,
                  kHeight - kBottom);
    out += text_at(at, kHeight - kBottom + 18, "middle", label(tick));
  }
  for (const double tick : y.ticks()) {
    const double at = y.place(tick);
    out += format("<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#e4e4e4\"/>\n", kLeft,
                  kWidth - kRight, at, at);
    out += text_at(kLeft - 8, at + 4, "end", label(tick));
  }
  out += text_at((kLeft + kWidth - kRight) / 2, kHeight - 14, "middle", drawing.x);
  out += text_at(-(kTop + kHeight - kBottom) / 2, 18, "middle", drawing.y, " transform=\"rotate(-90)\"");
  for (std::size_t i = 0; i < drawing.curves.size(); ++i) {
    const Curve& curve = drawing.curves[i];
    const char* colour = kColours[i % kMostCurves];
    out += format("<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"", colour);
    for (const auto& point : curve.points) {
      if (drawn(point)) out += format("%.1f,%.1f ", x.place(point.first), y.place(point.second));
    }
    out += "\"/>\n";
    const double row = kTop + 14 + 16 * static_cast<double>(i);
    out += format("<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"2\"/>\n",
                  kLeft + 10, kLeft + 34, row - 4, row - 4, colour);
    out += text_at(kLeft + 40, row, "start", curve.name);
  }
  return out + "</svg>\n";
}

}  // namespace phase::sim::model
