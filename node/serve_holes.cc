// A node on the public network that no stranger reaches: it is connected to others of its releases, so
// that they introduce it to those who want something from it (dht::Session::punch_holes).
#include <algorithm>

#include "node/reachable.h"
#include "node/serve.h"

namespace phase::node {
namespace {

constexpr std::chrono::seconds kJudgeEvery{10};
/// Routers that are asked for a port have answered by then.
constexpr std::chrono::seconds kJudgeFirst{20};
/// Each of them can introduce it; one that goes is no loss.
constexpr std::uint32_t kIntroducers = 8;

}  // namespace

void Node::punch_holes(MonoTime now) {
  if (!open_network_ || now < next_holes_) return;
  const bool first = next_holes_ == MonoTime{};
  next_holes_ = now + (first ? kJudgeFirst : kJudgeEvery);
  if (first) return;
  const auto reached =
      judge_reachability(session_->reachability(), session_->listening(), now).reached;
  const bool shut = reached == Reached::kNo || reached == Reached::kPunched;
  session_->punch_holes(shut);
  if (!shut || !peer_search_) return;
  for (const StoredRelease& release : store_.releases()) {
    const auto seeded = seeded_.find(release.name);
    if (seeded == seeded_.end()) continue;
    std::uint32_t connected = session_->status(seeded->second).peers;
    for (const Endpoint& at : peer_search_->peers(release.info.infohashes.v1)) {
      if (connected >= kIntroducers) break;
      session_->connect(seeded->second, at, {.dht = true});
      ++connected;
    }
  }
}

}  // namespace phase::node
