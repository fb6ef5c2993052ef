#include "boot/init/net_report.h"

#include "boot/fetch_text.h"

namespace phase::boot {

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

}  // namespace phase::boot
