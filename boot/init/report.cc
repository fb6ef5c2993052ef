#include "boot/init/report.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace phase::boot {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMaxDepth = 4;
constexpr double kMaxSeconds = 1e9;

std::string clean(std::string_view text, std::size_t limit = kMaxReportText) {
  std::string out(text.substr(0, limit));
  std::replace_if(out.begin(), out.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return out;
}

double round_seconds(double seconds) { return std::round(seconds * 1000) / 1000; }

template <class T>
void cap(std::vector<T>& list, std::size_t limit) {
  if (list.size() > limit) list.resize(limit);
}

void put_text(Json& out, const char* name, const std::string& text,
              std::size_t limit = kMaxReportText) {
  if (!text.empty()) out[name] = clean(text, limit);
}

Json source_json(const ReportSource& source) {
  Json out{{"peer", clean(source.peer)}, {"bytes", source.bytes}, {"how", clean(source.how, 16)}};
  // Left out where nothing was wrong: the line is short.
  if (source.bad_pieces != 0) out["bad_pieces"] = source.bad_pieces;
  if (source.banned) out["banned"] = true;
  return out;
}

Json to_json(const BootReport& report) {
  Json out;
  put_text(out, "stage", report.stage, 16);
  out["ok"] = report.ok;
  if (report.version != 0) out["version"] = report.version;
  put_text(out, "channel", report.channel, 40);
  put_text(out, "arch", report.arch, 16);
  put_text(out, "mode", report.mode, 16);
  put_text(out, "key", report.key, 64);
  put_text(out, "signed_by", report.signed_by);
  put_text(out, "kernel", report.kernel, 64);
  put_text(out, "error", report.error, 32);
  if (report.exit_code != 0) out["exit"] = report.exit_code;
  put_text(out, "detail", report.detail);
  put_text(out, "advice", report.advice);
  if (report.attempt != 0) out["attempt"] = report.attempt;
  put_text(out, "handover", report.handover);
  put_text(out, "path", report.path);
  out["stages"] = Json::object();
  for (const auto& [name, seconds] : report.stages) {
    out["stages"][clean(name, 24)] = round_seconds(seconds);
  }
  out["bytes"] = report.bytes;
  if (report.wasted != 0) out["wasted"] = report.wasted;
  out["sources"] = Json::array();
  for (const ReportSource& source : report.sources) out["sources"].push_back(source_json(source));
  out["refusals"] = Json::array();
  for (const std::string& refusal : report.refusals) out["refusals"].push_back(clean(refusal));
  return out;
}

void cap_lists(BootReport& report) {
  cap(report.stages, kMaxReportStages);
  cap(report.sources, kMaxReportSources);
  cap(report.refusals, kMaxReportRefusals);
}

// Readers: a field that is missing keeps its default, one of another type is an error.
struct WrongType {};

std::string text_of(const Json& in, const char* name, std::size_t limit = kMaxReportText) {
  const auto it = in.find(name);
  if (it == in.end()) return {};
  if (!it->is_string()) throw WrongType{};
  return clean(it->get_ref<const std::string&>(), limit);
}

std::uint64_t number_of(const Json& in, const char* name) {
  const auto it = in.find(name);
  if (it == in.end()) return 0;
  if (!it->is_number_unsigned()) throw WrongType{};
  return it->get<std::uint64_t>();
}

bool flag_of(const Json& in, const char* name) {
  const auto it = in.find(name);
  if (it == in.end()) return false;
  if (!it->is_boolean()) throw WrongType{};
  return it->get<bool>();
}

const Json& list_of(const Json& in, const char* name, bool object) {
  static const Json kNone = Json::array();
  const auto it = in.find(name);
  if (it == in.end()) return kNone;
  if (object ? !it->is_object() : !it->is_array()) throw WrongType{};
  return *it;
}

std::uint32_t small(std::uint64_t number) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(number, 0xffffffffU));
}

ReportSource source_of(const Json& in) {
  if (!in.is_object()) throw WrongType{};
  return {.peer = text_of(in, "peer"),
          .bytes = number_of(in, "bytes"),
          .how = text_of(in, "how", 16),
          .bad_pieces = small(number_of(in, "bad_pieces")),
          .banned = flag_of(in, "banned")};
}

BootReport from_json(const Json& in) {
  if (!in.is_object()) throw WrongType{};
  BootReport report;
  report.stage = text_of(in, "stage", 16);
  report.ok = flag_of(in, "ok");
  report.version = number_of(in, "version");
  report.channel = text_of(in, "channel", 40);
  report.arch = text_of(in, "arch", 16);
  report.mode = text_of(in, "mode", 16);
  report.key = text_of(in, "key", 64);
  report.signed_by = text_of(in, "signed_by");
  report.kernel = text_of(in, "kernel", 64);
  report.error = text_of(in, "error", 32);
  report.exit_code = static_cast<int>(std::min<std::uint64_t>(number_of(in, "exit"), 255));
  report.detail = text_of(in, "detail");
  report.advice = text_of(in, "advice");
  report.attempt = small(number_of(in, "attempt"));
  report.handover = text_of(in, "handover");
  report.path = text_of(in, "path");
  report.bytes = number_of(in, "bytes");
  report.wasted = number_of(in, "wasted");
  for (const auto& [name, seconds] : list_of(in, "stages", true).items()) {
    if (!seconds.is_number()) throw WrongType{};
    const double value = seconds.get<double>();
    if (!(value >= 0 && value <= kMaxSeconds)) throw WrongType{};
    report.stages.emplace_back(clean(name, 24), value);
  }
  for (const Json& source : list_of(in, "sources", false)) {
    report.sources.push_back(source_of(source));
  }
  for (const Json& refusal : list_of(in, "refusals", false)) {
    if (!refusal.is_string()) throw WrongType{};
    report.refusals.push_back(clean(refusal.get_ref<const std::string&>()));
  }
  cap_lists(report);
  return report;
}

// The last resort of a line that is still too long; false where nothing is left to drop.
bool drop_a_text(BootReport& report) {
  for (std::string* text : {&report.advice, &report.handover, &report.path, &report.signed_by,
                            &report.kernel, &report.mode, &report.detail}) {
    if (text->empty()) continue;
    text->clear();
    return true;
  }
  return false;
}

}  // namespace

std::string report_json(BootReport report) {
  cap_lists(report);
  std::string text = to_json(report).dump();
  while (text.size() > kMaxReportBytes && !report.sources.empty()) {
    report.sources.pop_back();
    text = to_json(report).dump();
  }
  return text;
}

std::string report_line(BootReport report) {
  cap_lists(report);
  // The sources that sent most are what a short line has room for.
  std::stable_sort(report.sources.begin(), report.sources.end(),
                   [](const ReportSource& a, const ReportSource& b) {
                     if ((a.bad_pieces != 0) != (b.bad_pieces != 0)) return a.bad_pieces != 0;
                     return a.bytes > b.bytes;
                   });
  const std::size_t all_sources = report.sources.size();
  const std::size_t all_refusals = report.refusals.size();
  std::size_t text_limit = kMaxReportText;
  for (;;) {
    Json json = to_json(report);
    if (report.sources.size() < all_sources) {
      json["more_sources"] = all_sources - report.sources.size();
    }
    if (report.refusals.size() < all_refusals) {
      json["more_refusals"] = all_refusals - report.refusals.size();
    }
    std::string line = kReportPrefix + json.dump();
    if (line.size() <= kMaxReportLine) return line;
    if (text_limit > 60) {
      text_limit -= 40;
      for (std::string& refusal : report.refusals) refusal = clean(refusal, text_limit);
      report.detail = clean(report.detail, text_limit);
      report.handover = clean(report.handover, text_limit);
      report.path = clean(report.path, text_limit);
    } else if (!report.refusals.empty()) {
      report.refusals.pop_back();
    } else if (!report.sources.empty()) {
      report.sources.pop_back();
    } else if (!report.stages.empty()) {
      report.stages.pop_back();
    } else if (!drop_a_text(report)) {
      return line;
    }
  }
}

Result<BootReport> parse_report(std::string_view untrusted) {
  if (untrusted.size() > kMaxReportBytes) {
    return {ErrorCode::kMalformed, "report is larger than " + std::to_string(kMaxReportBytes) +
                                       " bytes"};
  }
  try {
    bool too_deep = false;
    const Json json = Json::parse(
        untrusted,
        [&](int depth, Json::parse_event_t, Json&) {
          too_deep = too_deep || depth > kMaxDepth;
          return !too_deep;
        },
        false);
    if (json.is_discarded() || too_deep) return {ErrorCode::kMalformed, "report is no JSON"};
    return from_json(json);
  } catch (const WrongType&) {
    return {ErrorCode::kMalformed, "report has a field of the wrong type"};
  } catch (const std::exception& error) {
    return {ErrorCode::kMalformed, std::string("report: ") + clean(error.what())};
  }
}

}  // namespace phase::boot
