// A node that says in its log, once a day, which of the releases and roots that it holds are about
// to expire: whoever reads that can still reach the publisher.
#include "node/expiry.h"
#include "node/serve.h"

namespace phase::node {
namespace {

constexpr std::chrono::hours kLookEvery{1};
constexpr std::chrono::hours kTellEvery{24};

}  // namespace

void Node::tell_expiry(MonoTime now) {
  if (now < next_expiry_) return;
  next_expiry_ = now + kLookEvery;
  const WallTime wall = clock_.wall();
  std::map<std::string, ToldExpiry> told;
  const auto tell = [&](const std::string& what, WallTime created, WallTime expires,
                        const char* remedy) {
    const Freshness freshness = freshness_of(created, expires, wall);
    if (freshness == Freshness::kGood) return;
    ToldExpiry state{freshness, now};
    const auto before = told_expiry_.find(what);
    const bool again = before == told_expiry_.end() || before->second.freshness != freshness ||
                       now - before->second.at >= kTellEvery;
    if (again) {
      log_.warning(what + " " + expiry_text(expires, wall) + ": " + remedy);
    } else {
      state.at = before->second.at;
    }
    told.emplace(what, state);
  };
  for (const StoredRelease& release : store_.releases()) {
    if (!release.current) continue;
    tell("release " + release.channel + "/" + release.arch + " version " +
             std::to_string(release.manifest.release_version),
         release.manifest.created, release.manifest.expires,
         "its publisher renews it (plasmd publish --renew), or no machine boots it any more");
  }
  for (const auto& follower : followers_) {
    tell("root version " + std::to_string(follower->root().version) + " of " +
             follower->target().publisher(),
         {}, follower->root().expires,
         "its holders sign the next one (plasmd trust rotate), or nothing under it is booted");
  }
  told_expiry_ = std::move(told);
}

}  // namespace phase::node
