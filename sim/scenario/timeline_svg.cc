#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "sim/scenario/names.h"
#include "sim/scenario/page_parts.h"
#include "sim/scenario/units.h"

namespace phase::sim {
namespace {

constexpr double kWidth = 1100;
constexpr double kLeft = 112;  // room for names
constexpr double kRight = kWidth - 14;
constexpr double kBubble = 17;
constexpr std::size_t kMaxRows = 600;
constexpr std::size_t kMaxStages = 20'000;
constexpr int kLevels = 4;  // of marks that would cover each other

struct Look {
  const char* stage;
  const char* css;
  const char* legend;
};
constexpr std::array<Look, 18> kLooks{{{"off", "off", "off"},
                                       {"stopped", "off", "off"},
                                       {"kernel", "kernel", "firmware and kernel"},
                                       {"network", "network", "network"},
                                       {"discover", "discover", "looks for the pointer"},
                                       {"pointer", "discover", "looks for the pointer"},
                                       {"providers", "providers", "looks for providers"},
                                       {"manifest", "providers", "looks for providers"},
                                       {"artifacts", "fetch", "fetches"},
                                       {"fetch", "fetch", "fetches"},
                                       {"verify", "verify", "verifies"},
                                       {"load", "verify", "verifies"},
                                       {"booted", "booted", "booted"},
                                       {"up", "booted", "booted"},
                                       {"serving", "serving", "serves"},
                                       {"killed", "dead", "killed or failed"},
                                       {"failed", "dead", "killed or failed"},
                                       {"crashed", "dead", "killed or failed"}}};

const Look& look_of(const std::string& stage) {
  static constexpr Look kOther{"", "other", "other"};
  const auto found = std::find_if(kLooks.begin(), kLooks.end(), [&](const Look& one) { return stage == one.stage; });
  return found == kLooks.end() ? kOther : *found;
}

int rank(HostRole role) {
  switch (role) {
    case HostRole::kPublisher: return 0;
    case HostRole::kProvider: return 1;
    case HostRole::kMirror: return 2;
    case HostRole::kMachine: return 3;
    case HostRole::kHostile: return 4;
    case HostRole::kDhtNode: return 5;
  }
  return 6;
}

/// Hosts with something to show: plain DHT nodes only where a step changed them.
std::vector<const RecordedHost*> rows_of(const RunRecord& record) {
  std::vector<const RecordedHost*> out;
  for (const RecordedHost& host : record.hosts) {
    const auto stages = record.stages.find(host.name);
    if (stages == record.stages.end() || stages->second.empty()) continue;
    if (host.role == HostRole::kDhtNode && stages->second.size() < 2) continue;
    out.push_back(&host);
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const RecordedHost* a, const RecordedHost* b) { return rank(a->role) < rank(b->role); });
  return out;
}

/// Height of a row, by how many there are.
double row_height(std::size_t rows) {
  if (rows <= 24) return 22;
  if (rows <= 70) return 14;
  return rows <= 250 ? 7 : 4;
}

class Drawing {
 public:
  Drawing(const RunRecord& record, const std::vector<const RecordedHost*>& rows)
      : record_(record), scale_(record, kLeft, kRight), rows_(rows), height_(row_height(rows.size())) {}

  std::string svg() {
    const std::string marks = place_marks();
    const double bottom = top_ + height_ * static_cast<double>(std::min(rows_.size(), kMaxRows)) + 4;
    std::string out = "<svg role=\"img\" aria-label=\"Timeline\" viewBox=\"0 0 " + px(kWidth) + " " + px(bottom + 22) + "\">";
    out += scale_.axis(top_ - 4, bottom);
    for (std::size_t i = 0; i < rows_.size() && i < kMaxRows; ++i) row(i);
    out += bars_;
    for (const double at : lines_) {
      out += "<line class=\"mark\" x1=\"" + px(at) + "\" x2=\"" + px(at) + "\" y1=\"" + px(top_ - 6) + "\" y2=\"" + px(bottom) + "\"/>";
    }
    return out + marks + "</svg>";
  }

  [[nodiscard]] const std::set<const Look*>& used() const { return used_; }

 private:
  /// Bubbles with the steps' numbers: in the first of a few levels where there is room; where there is
  /// none the line alone tells.
  std::string place_marks() {
    std::array<double, kLevels> taken{};
    taken.fill(-kBubble);
    std::string out;
    int levels = 1;
    for (std::size_t i = 0; i < record_.actions.size(); ++i) {
      const RecordedAction& action = record_.actions[i];
      const double at = scale_.x(action.at);
      if (lines_.empty() || at - lines_.back() >= 1) lines_.push_back(at);
      const auto level = std::find_if(taken.begin(), taken.end(), [&](double last) { return at - last >= kBubble; });
      if (level == taken.end()) continue;
      *level = at;
      const auto number = static_cast<int>(level - taken.begin());
      levels = std::max(levels, number + 1);
      const double y = 10 + number * kBubble;
      out += "<g><title>" + html(std::to_string(i + 1) + ": " + action.name + " at " + duration_text(action.at)) +
             "</title><circle class=\"bubble\" r=\"8\" cx=\"" + px(at) + "\" cy=\"" + px(y) +
             "\"/><text class=\"bubbletext\" x=\"" + px(at) + "\" y=\"" + px(y + 3.5) + "\">" + std::to_string(i + 1) + "</text></g>";
    }
    top_ = (record_.actions.empty() ? 0 : levels * kBubble) + 10;
    return out;
  }

  void name(std::size_t index, double y) {
    const RecordedHost& host = *rows_[index];
    if (height_ >= 14) {
      bars_ += "<text class=\"" + std::string(height_ >= 20 ? "" : "soft") + "\" text-anchor=\"end\" x=\"" + px(kLeft - 8) +
               "\" y=\"" + px(y + height_ / 2 + 4) + "\">" + html(host.name, 16) + "</text>";
      return;
    }
    // Thin rows: the group's name once, beside its first row, with a line down to its last.
    if (index > 0 && rows_[index - 1]->group == host.group) return;
    std::size_t last = index;
    while (last + 1 < rows_.size() && last + 1 < kMaxRows && rows_[last + 1]->group == host.group) ++last;
    const std::size_t count = last - index + 1;
    const double end = y + height_ * static_cast<double>(count);
    // A group of few rows is as high as its name at least.
    const double label = std::max(y + 9, last_label_ + 12);
    last_label_ = label;
    bars_ += "<text class=\"soft\" text-anchor=\"end\" x=\"" + px(kLeft - 12) + "\" y=\"" + px(label) + "\">" +
             html(host.group.empty() ? host.name : host.group, 12) + (count > 1 ? " × " + std::to_string(count) : "") +
             "</text><line class=\"wire\" x1=\"" + px(kLeft - 6) + "\" x2=\"" + px(kLeft - 6) + "\" y1=\"" + px(y + 1) +
             "\" y2=\"" + px(end - 1) + "\"/>";
  }

  void row(std::size_t index) {
    const double y = top_ + height_ * static_cast<double>(index);
    name(index, y);
    const double gap = height_ >= 14 ? 3 : 0.5;
    const std::string& host = rows_[index]->name;
    for (const RecordedStage& stage : record_.stages.at(host)) {
      if (++drawn_ > kMaxStages) return;
      const Look& look = look_of(stage.name);
      used_.insert(&look);
      const double begin = scale_.x(stage.begin);
      // What lasted for less than can be seen is seen all the same.
      const double width = std::max(scale_.x(stage.end) - begin, stage.begin == stage.end ? 3.0 : 1.0);
      std::string when = duration_text(stage.begin);
      if (stage.end > stage.begin) when += " for " + duration_text(stage.end - stage.begin);
      bars_ += "<rect class=\"t-" + std::string(look.css) + "\" x=\"" + px(begin) + "\" y=\"" + px(y + gap) + "\" width=\"" +
               px(width) + "\" height=\"" + px(height_ - 2 * gap) + "\"><title>" + html(host + ": " + stage.name + ", " + when, 120) +
               "</title></rect>";
    }
  }

  const RunRecord& record_;
  TimeScale scale_;
  const std::vector<const RecordedHost*>& rows_;
  double height_, top_ = 10, last_label_ = -100;
  std::size_t drawn_ = 0;
  std::vector<double> lines_;
  std::set<const Look*> used_;
  std::string bars_;
};

std::string legend(const std::set<const Look*>& used) {
  std::string out = "<div class=\"legend\">";
  std::set<std::string> told;
  // In the order in which a machine passes them.
  for (const Look& look : kLooks) {
    if (used.contains(&look) && told.insert(look.legend).second) {
      out += "<span><i class=\"t-" + std::string(look.css) + "\"></i>" + look.legend + "</span>";
    }
  }
  const bool other = std::any_of(used.begin(), used.end(), [](const Look* look) { return std::string_view(look->css) == "other"; });
  if (other) out += "<span><i class=\"t-other\"></i>other</span>";
  return out + "</div>";
}

}  // namespace

std::string timeline_svg(const RunRecord& record) {
  const auto rows = rows_of(record);
  Drawing drawing(record, rows);
  const std::string svg = drawing.svg();
  std::string out = legend(drawing.used()) + "<div class=\"box\" id=\"timeline\">" + svg + "</div>";
  if (rows.size() > kMaxRows) {
    out += "<p class=\"soft small\">" + std::to_string(rows.size() - kMaxRows) + " more hosts are not drawn; run.json has them.</p>";
  }
  return out;
}

}  // namespace phase::sim
