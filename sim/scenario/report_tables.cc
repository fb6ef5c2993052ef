#include <algorithm>


#include "sim/scenario/names.h"
#include "sim/scenario/page_parts.h"
#include "sim/scenario/units.h"

namespace phase::sim {
namespace {

constexpr std::size_t kMaxActions = 300;
constexpr std::size_t kMaxBoots = 3000;
constexpr std::size_t kMaxLinks = 3000;
/// More rows than this are folded.
constexpr std::size_t kOpenRows = 60;
constexpr std::size_t kShown = 3;  // of sources, refusals, targets

std::string cell(const std::string& content, const char* css = "n") {
  return "<td class=\"" + std::string(css) + "\">" + content + "</td>";
}

std::string and_more(std::size_t count) {
  return count > kShown ? " and " + std::to_string(count - kShown) + " more" : "";
}

std::string names_text(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < kShown + 3; ++i) out += (i > 0 ? ", " : "") + html(names[i], 40);
  return names.size() > kShown + 3 ? out + " and " + std::to_string(names.size() - kShown - 3) + " more" : out;
}

std::string sources_text(const RecordedBoot& boot) {
  auto sources = boot.sources;
  std::stable_sort(sources.begin(), sources.end(), [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
  std::string out;
  for (std::size_t i = 0; i < sources.size() && i < kShown; ++i) {
    const auto& one = sources[i];
    out += (i > 0 ? ", " : "") + html(one.host, 40) + " " + bytes_text(one.bytes) + " <span class=\"soft\">(" + html(one.how, 20);
    if (one.bad_pieces > 0) out += ", " + std::to_string(one.bad_pieces) + " bad pieces";
    out += ")</span>";
  }
  return out + and_more(sources.size());
}

std::string trouble_text(const RecordedBoot& boot) {
  std::string out = boot.error.empty() ? "" : "<b>" + html(boot.error) + "</b>";
  for (std::size_t i = 0; i < boot.refusals.size() && i < kShown; ++i) {
    out += (out.empty() ? "" : "; ") + html(boot.refusals[i], 160);
  }
  return out + and_more(boot.refusals.size());
}

/// Open where there are few rows.
std::string folded(const std::string& table, std::size_t rows, const std::string& what) {
  if (rows <= kOpenRows) return "<div class=\"box\">" + table + "</div>";
  return "<details><summary>" + std::to_string(rows) + " " + what + "</summary><div class=\"box\">" + table + "</div></details>";
}

std::string boot_row(const RecordedBoot& boot) {
  const bool up = boot.booted >= 0;
  std::uint64_t bytes = 0;
  for (const auto& source : boot.sources) bytes += source.bytes;
  std::string out = "<tr><td>" + html(boot.host, 40) + "</td>" + cell(duration_text(boot.switched_on));
  out += up ? cell(duration_text(boot.booted - boot.switched_on)) : cell("never", "n no");
  out += cell(boot.serving >= 0 && up ? "+" + duration_text(boot.serving - boot.booted) : "–");
  out += cell(boot.version > 0 ? std::to_string(boot.version) : "–");
  out += up ? (boot.intact ? cell("as published", "yes") : cell("altered", "no")) : cell("–", "soft");
  return out + cell(bytes_text(bytes)) + cell(sources_text(boot), "words") + cell(trouble_text(boot), "words") + "</tr>";
}

}  // namespace

std::string actions_list(const RunRecord& record) {
  if (record.actions.empty()) return "";
  std::string out = "<ol class=\"steps\" id=\"actions\">";
  for (std::size_t i = 0; i < record.actions.size() && i < kMaxActions; ++i) {
    const RecordedAction& action = record.actions[i];
    out += "<li><span class=\"num\">" + std::to_string(i + 1) + "</span><b>" + html(action.name, 60) + "</b> <span class=\"soft\">at " +
           duration_text(action.at) + "</span> " + names_text(action.targets);
    if (!action.detail.empty()) out += (action.targets.empty() ? "" : " – ") + html(action.detail, 200);
    out += "</li>";
  }
  out += "</ol>";
  if (record.actions.size() > kMaxActions) {
    out += "<p class=\"soft small\">" + std::to_string(record.actions.size() - kMaxActions) + " more steps are in run.json.</p>";
  }
  return out;
}

std::string boots_table(const RunRecord& record) {
  if (record.boots.empty()) return "<p class=\"soft\" id=\"boots\">No machine was switched on.</p>";
  std::string out =
      "<table><thead><tr><th>machine</th><th class=\"n\">switched on</th><th class=\"n\">booted after</th><th class=\"n\">served after</th>"
      "<th class=\"n\">version</th><th>bytes</th><th class=\"n\">received</th><th>from</th><th>refused, or failed by</th></tr></thead><tbody>";
  for (std::size_t i = 0; i < record.boots.size() && i < kMaxBoots; ++i) out += boot_row(record.boots[i]);
  out += "</tbody></table>";
  if (record.boots.size() > kMaxBoots) {
    out += "<p class=\"soft small\">" + std::to_string(record.boots.size() - kMaxBoots) + " more are in run.json.</p>";
  }
  return "<div id=\"boots\">" + folded(out, record.boots.size(), "boots") + "</div>";
}

std::string links_table(const RunRecord& record) {
  std::string out;
  std::size_t rows = 0;
  for (const auto& [lan, bytes] : record.uplinks) {
    out += "<tr><td>uplink of LAN " + html(lan, 24) + "</td>" + cell(bytes_text(bytes.up)) + cell(bytes_text(bytes.down)) + cell("") + "</tr>";
    ++rows;
  }
  for (const RecordedHost& host : record.hosts) {
    const auto sent = record.interface_sent.find(host.name);
    const auto received = record.interface_received.find(host.name);
    const auto attacks = record.attacks.find(host.name);
    const bool seen = sent != record.interface_sent.end() || received != record.interface_received.end() || attacks != record.attacks.end();
    if (!seen || ++rows > kMaxLinks) continue;
    out += "<tr><td>" + html(host.name, 24) + " <span class=\"soft\">" + role_name(host.role) + "</span></td>" +
           cell(sent == record.interface_sent.end() ? "–" : bytes_text(sent->second)) +
           cell(received == record.interface_received.end() ? "–" : bytes_text(received->second)) +
           cell(attacks == record.attacks.end() ? "" : std::to_string(attacks->second)) + "</tr>";
  }
  if (rows == 0) return "<p class=\"soft\">Nothing was counted at links.</p>";
  return folded("<table><thead><tr><th>host</th><th class=\"n\">sent</th><th class=\"n\">received</th><th class=\"n\">attacks delivered</th></tr></thead><tbody>" +
                    out + "</tbody></table>",
                rows, "links");
}

}  // namespace phase::sim
