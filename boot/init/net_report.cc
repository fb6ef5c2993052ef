#include "boot/init/net_report.h"

#include <cstdio>

namespace phase::boot {

const char* how_learned(const dht::PeerAccount& peer) {
  if (peer.web_seed) return "http";
  if (peer.source.given) return "given";
  if (peer.source.dht) return "dht";
  if (peer.source.lan) return "lan";
  if (peer.source.pex) return "pex";
  return "incoming";
}

BootReport report_of(const AcquireReport& report) {
  BootReport out;
  for (const StageTime& stage : report.stages) {
    if (stage.stage == Stage::kDone || stage.stage == Stage::kFailed) continue;
    out.stages.emplace_back(stage_name(stage.stage), stage.seconds);
  }
  out.bytes = report.received;
  out.wasted = report.wasted;
  for (const dht::PeerAccount& peer : report.sources) {
    // Who was only connected is no source, unless what it did got it banned.
    if (peer.received == 0 && peer.bad_pieces == 0 && !peer.banned) continue;
    out.sources.push_back({.peer = peer.peer.text(),
                           .bytes = peer.received,
                           .how = how_learned(peer),
                           .bad_pieces = peer.bad_pieces,
                           .banned = peer.banned});
  }
  const std::uint64_t from_disk = report.from_cache + report.reused;
  if (from_disk != 0) {
    out.sources.push_back({.peer = "cache", .bytes = from_disk, .how = "cache"});
  }
  out.path = report.path;
  out.refusals = report.refusals;
  return out;
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
  return out + ", " + std::to_string(status.peers) + (status.peers == 1 ? " peer" : " peers");
}

}  // namespace phase::boot
