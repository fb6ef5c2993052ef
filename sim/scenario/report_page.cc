#include "sim/scenario/report_page.h"

#include <algorithm>
#include <vector>

#include "sim/scenario/judge.h"
#include "sim/scenario/page_parts.h"
#include "sim/scenario/units.h"

namespace phase::sim {
namespace {

constexpr std::size_t kMaxStory = 4000;

std::string section(const char* title, const std::string& told, const std::string& content) {
  std::string out = "<section><h2>" + std::string(title) + "</h2>";
  if (!told.empty()) out += "<p class=\"soft small\">" + told + "</p>";
  return out + content + "</section>\n";
}

std::string banner(const RunRecord& record) {
  const auto count = [&](bool holds) {
    return std::count_if(record.verdicts.begin(), record.verdicts.end(),
                         [&](const Verdict& one) { return !one.reported && one.holds == holds; });
  };
  const auto failed = count(false), held = count(true);
  const bool good = all_held(record);
  std::string out = "<div id=\"verdict\" class=\"banner " + std::string(good ? "good" : "bad") + "\">";
  if (!record.error.empty()) {
    out += "The run broke<small>" + html(record.error, 2000) + "</small>";
  } else if (record.interrupted) {
    out += "The run was interrupted<small>What was seen until then is below; nothing counts as held.</small>";
  } else if (good) {
    out += "✓ Everything held<small>" + std::to_string(held) + " of " + std::to_string(held) + " expectations</small>";
  } else {
    out += "✗ " + std::to_string(failed) + " of " + std::to_string(failed + held) + " expectations did not hold<small>";
    std::size_t told = 0;
    for (const Verdict& verdict : record.verdicts) {
      if (verdict.holds || verdict.reported || ++told > 3) continue;
      out += (told > 1 ? "<br>" : "") + html(verdict.expectation) + ": " + html(verdict.found);
    }
    out += "</small>";
  }
  return out + "</div>\n";
}

std::string tile(const std::string& figure, const std::string& what) {
  return "<div class=\"tile\"><b>" + html(figure) + "</b><span>" + html(what) + "</span></div>";
}

std::string tiles(const RunRecord& record) {
  std::vector<std::int64_t> times;
  for (const RecordedBoot& boot : record.boots) {
    if (boot.booted >= 0) times.push_back(boot.booted - boot.switched_on);
  }
  std::sort(times.begin(), times.end());
  std::string out = "<div class=\"tiles\">";
  out += tile(std::to_string(record.hosts.size()), record.lans.empty() ? "hosts" : "hosts, " + std::to_string(record.lans.size()) +
                                                                                     (record.lans.size() == 1 ? " LAN" : " LANs"));
  out += tile(std::to_string(times.size()) + " of " + std::to_string(record.boots.size()), "boots got through");
  if (!times.empty()) {
    out += tile(duration_text(times[(times.size() - 1) / 2]), "to boot, for half of them");
    out += tile(duration_text(times.back()), "to boot, the slowest");
  }
  if (record.image_bytes > 0) out += tile(bytes_text(record.image_bytes), "is one image");
  return out + tile(duration_text(record.length), "of timeline") + "</div>\n";
}

std::string verdicts(const RunRecord& record) {
  if (record.verdicts.empty()) return "<p class=\"soft\" id=\"expectations\">None was judged.</p>";
  std::string out = "<div class=\"box\" id=\"expectations\"><table><thead><tr><th></th><th>expected</th><th>found</th></tr></thead><tbody>";
  for (const Verdict& verdict : record.verdicts) {
    std::string word = verdict.holds ? "<td class=\"yes\">✓ holds</td>" : "<td class=\"no\">✗ does not hold</td>";
    if (verdict.reported) {
      word = "<td class=\"told\">" + std::string(verdict.holds ? "✓ within" : "beyond") + " its bound, only reported</td>";
    }
    out += "<tr>" + word + "<td class=\"words\">" + html(verdict.expectation) + "</td><td class=\"words\">" + html(verdict.found, 1000) + "</td></tr>";
  }
  return out + "</tbody></table></div>";
}

}  // namespace

std::string report_page(const RunRecord& record) {
  const std::string title = html(record.title.empty() ? record.scenario : record.title);
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
      // Without it a browser asks the server for /favicon.ico.
      "<link rel=\"icon\" href=\"data:,\"><title>" + title + "</title><style>" + std::string(page_style()) + "</style></head>\n<body><main>\n<header><h1>" +
      title + "</h1><p class=\"soft small\">Scenario <b>" + html(record.scenario) + "</b>, begun " + html(record.begun) +
      ", rng_seed " + std::to_string(record.rng_seed) + "</p></header>\n";
  out += banner(record);
  out += "<p id=\"story\">" + html(record.story, kMaxStory) + "</p>\n" + tiles(record);
  out += section("What had to hold", "", verdicts(record));
  out += section("Network", "Each dot is a host; its name shows under the pointer.", topology_svg(record));
  out += section("Timeline", "A row for each host, a bar for each stage. The numbered marks are the steps listed below; a pointer over a bar tells what it is.",
                 timeline_svg(record) + actions_list(record));
  out += section("Bytes by source", "What all machines together had received until then, by who sent it.", bytes_chart(record));
  out += section("Boots", "", boots_table(record));
  out += section("Links", "All that passed, headers and DHT traffic included.", links_table(record));
  out += section("Replay", "The same choices of chance again:", "<pre id=\"replay\">" + html(record.replay, 1000) + "</pre>");
  return out + "</main></body></html>\n";
}

}  // namespace phase::sim
