#include "boot/fetch_text.h"

#include <algorithm>
#include <cstdio>

namespace phase::boot {
namespace {

std::string source_line(const std::string& who, std::uint64_t bytes, const std::string& more = {}) {
  char text[80];
  std::snprintf(text, sizeof text, "%-24.40s %12llu bytes", who.c_str(),
                static_cast<unsigned long long>(bytes));
  return text + more;
}

/// Those that were refused first, then by what they sent.
std::vector<dht::PeerAccount> in_order(std::vector<dht::PeerAccount> sources) {
  std::erase_if(sources, [](const dht::PeerAccount& one) {
    return one.received == 0 && one.bad_pieces == 0 && !one.banned;
  });
  std::stable_sort(sources.begin(), sources.end(), [](const auto& a, const auto& b) {
    return a.banned != b.banned ? a.banned : a.received > b.received;
  });
  return sources;
}

}  // namespace

const char* how_learned(const dht::PeerAccount& peer) {
  if (peer.web_seed) return "http";
  if (peer.source.given) return "given";
  if (peer.source.dht) return "dht";
  if (peer.source.lan) return "lan";
  if (peer.source.pex) return "pex";
  return "incoming";
}

std::string progress_text(const dht::ReleaseStatus& status) {
  constexpr double kMiB = 1024.0 * 1024.0;
  const auto done = static_cast<double>(status.done);
  const auto wanted = static_cast<double>(status.wanted);
  const auto rate = static_cast<double>(status.rate);
  char text[160];
  int length = std::snprintf(text, sizeof text, "%3.0f %% of %.1f MiB, %.1f MiB/s",
                             wanted > 0 ? done / wanted * 100 : 0.0, wanted / kMiB, rate / kMiB);
  std::string out(text, static_cast<std::size_t>(length));
  if (rate > 0 && done < wanted) {
    length = std::snprintf(text, sizeof text, ", %.0f s left", (wanted - done) / rate);
    out.append(text, static_cast<std::size_t>(length));
  }
  return out + ", " + std::to_string(status.peers) + (status.peers == 1 ? " source" : " sources");
}

std::vector<std::string> summary_lines(const AcquireReport& report) {
  std::vector<std::string> out;
  const auto sources = in_order(report.sources);
  std::uint64_t others = 0;
  for (const dht::PeerAccount& peer : sources) {
    if (out.size() >= kMaxSourceLines) {
      others += peer.received;
      continue;
    }
    std::string more = std::string(", found by ") + how_learned(peer);
    if (peer.bad_pieces != 0) more += ", " + std::to_string(peer.bad_pieces) + " bad pieces";
    if (peer.banned) more += ", banned: it served altered bytes";
    out.push_back(source_line(peer.peer.text(), peer.received, more));
  }
  if (sources.size() > kMaxSourceLines) {
    out.push_back(source_line(std::to_string(sources.size() - kMaxSourceLines) + " others", others));
  }
  if (report.reused != 0) out.push_back(source_line("older releases on disk", report.reused));
  if (report.from_cache != 0) out.push_back(source_line("cache", report.from_cache));
  if (report.wasted != 0) out.push_back(source_line("thrown away", report.wasted));
  for (const std::string& refusal : report.refusals) out.push_back("refused: " + refusal);
  return out;
}

}  // namespace phase::boot
