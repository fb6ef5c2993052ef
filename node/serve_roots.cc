// A node that passes on the chains of roots which its store holds: whoever is behind finds them in
// the DHT and over HTTP, with the old pointer key lost or stolen too.
#include "node/serve.h"

namespace phase::node {

Held Node::learned(const FollowTarget& target, const std::vector<Bytes>& documents) {
  if (auto kept = store_.add_roots(target.base, documents, false); !kept) {
    // The next look finds them again, or the next start does.
    log_.error("cannot keep newer roots of " + target.publisher(), kept.error());
  }
  announce_("root publisher=" + target.publisher() +
            " version=" + std::to_string(target.base.root.version + documents.size()));
  share_roots();
  share_catalogue();
  return held(target);
}

void Node::share_roots() {
  std::set<Sha1> targets;
  for (const StoredChain& chain : store_.chains()) {
    for (const auto& follower : followers_) {
      if (!chain.holds(follower->target().base.root)) continue;
      if (follower->offer_roots(chain.documents)) follower->published(held(follower->target()));
    }
    for (std::size_t i = 0; i + 1 < chain.roots.size(); ++i) {
      targets.insert(next_root_target(chain.roots[i]));
    }
  }
  const auto& at = http_->listening();
  if (at.empty()) return;
  for (const Sha1& target : targets) {
    if (!announced_roots_.contains(target)) session_->announce(target, at.front().port);
  }
  for (const Sha1& target : announced_roots_) {
    if (!targets.contains(target)) session_->withdraw(target);
  }
  announced_roots_ = std::move(targets);
}

}  // namespace phase::node
