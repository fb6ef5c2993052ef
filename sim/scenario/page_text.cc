#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "sim/scenario/page_parts.h"
#include "sim/scenario/units.h"

namespace phase::sim {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

/// Length of the UTF-8 sequence at the begin of `text` and its code point; 0: there is none.
std::size_t decode(std::string_view text, std::uint32_t& point) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t size = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
  if (size == 0 || size > text.size()) return 0;
  point = size == 1 ? first : first & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if (byte(i) >> 6 != 2) return 0;
    point = point << 6 | (byte(i) & 0x3fU);
  }
  static constexpr std::array<std::uint32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = point >= 0xd800 && point < 0xe000;
  return point < kLeast.at(size) || point > 0x10ffff || surrogate ? 0 : size;
}

/// Controls, and what turns the direction of writing or is not seen.
bool hidden(std::uint32_t point) {
  return point < 0x20 || (point >= 0x7f && point < 0xa0) || (point >= 0x200b && point <= 0x200f) ||
         (point >= 0x2028 && point <= 0x202e) || (point >= 0x2060 && point <= 0x206f) || point == 0xfeff;
}

/// A round step of an axis: about eight ticks over `length` milliseconds.
double tick_of(double length) {
  static constexpr std::array<double, 22> kSteps{
      10,   20,   50,    100,   200,   500,    1e3,    2e3,    5e3,    1e4,    1.5e4,
      3e4,  6e4,  1.2e5, 3e5,   6e5,   9e5,    1.8e6,  3.6e6,  7.2e6,  1.44e7, 2.16e7};
  for (const double step : kSteps) {
    if (length / step <= 9) return step;
  }
  return std::pow(10, std::ceil(std::log10(length / 9)));
}

}  // namespace

std::string html(std::string_view text, std::size_t most) {
  std::string out;
  std::size_t count = 0;
  while (!text.empty()) {
    if (count++ == most) return out + "…";
    std::uint32_t point = 0;
    const std::size_t size = decode(text, point);
    const char c = text[0];
    if (size == 0) out += kReplacement;
    else if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '"') out += "&quot;";
    else if (c == '\'') out += "&#39;";
    else if (c == '\n' || c == '\t') out += ' ';
    else if (hidden(point)) out += kReplacement;
    else out += text.substr(0, size);
    text.remove_prefix(std::max<std::size_t>(1, size));
  }
  return out;
}

std::string px(double value) {
  auto out = decimal_text(value, 1);
  if (out.ends_with(".0")) out.resize(out.size() - 2);
  return out;
}

std::string link_text(const LinkChoice& link) {
  std::string out = link.rate.bits_per_second > 0 ? rate_text(link.rate.bits_per_second) : "";
  const auto add = [&](const std::string& text) { out += (out.empty() ? "" : ", ") + text; };
  if (link.path.delay.count() > 0 || link.path.jitter.count() > 0) {
    std::string delay = duration_text(link.path.delay.count() / 1000);
    if (link.path.jitter.count() > 0) delay += " + up to " + duration_text(link.path.jitter.count() / 1000);
    add(delay);
  }
  if (link.path.loss > 0) {
    const double percent = link.path.loss * 100;
    add(decimal_text(percent, percent == std::floor(percent) ? 0 : 1) + " % lost");
  }
  return out.empty() ? "full speed" : out;
}

TimeScale::TimeScale(const RunRecord& record, double left, double right)
    : begin_(0), end_(static_cast<double>(record.length)), left_(left), right_(right) {
  double earliest = 0;
  for (const auto& [host, stages] : record.stages) {
    for (const RecordedStage& stage : stages) {
      earliest = std::min(earliest, static_cast<double>(stage.begin));
      end_ = std::max(end_, static_cast<double>(stage.end));
    }
  }
  end_ = std::max(end_, 1.0);
  // What was set up before the begin gets a sixteenth at most: it is not what is shown.
  begin_ = std::max(earliest, -end_ / 16);
}

double TimeScale::x(std::int64_t at) const {
  const double share = (static_cast<double>(at) - begin_) / (end_ - begin_);
  return left_ + std::clamp(share, 0.0, 1.0) * (right_ - left_);
}

std::string TimeScale::axis(double top, double bottom) const {
  std::string out;
  const double step = tick_of(end_);
  for (double at = 0; at <= end_; at += step) {
    const std::string where = px(x(static_cast<std::int64_t>(at)));
    out += "<line class=\"grid\" x1=\"" + where + "\" x2=\"" + where + "\" y1=\"" + px(top) + "\" y2=\"" +
           px(bottom) + "\"/><text class=\"tick\" text-anchor=\"middle\" x=\"" + where + "\" y=\"" +
           px(bottom + 14) + "\">" +
           (at == 0 ? "0" : html(duration_text(static_cast<std::int64_t>(at)))) + "</text>";
  }
  return out;
}

}  // namespace phase::sim
