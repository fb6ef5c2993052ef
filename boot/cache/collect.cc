// Cache::collect(): gives back what no release needs, then what was not used for longest.
#include <algorithm>

#include "boot/cache/evict.h"

namespace phase::boot {
namespace {

using namespace cachefs;

/// Takes the room of what can be booted. A floor stays, where it was one.
void remove_incomplete(const Layout& layout, std::vector<Stored>& releases) {
  for (std::size_t i = releases.size(); i > 0; --i) {
    if (!releases[i - 1].release.complete) evict(layout, releases, i - 1, {});
  }
}

}  // namespace

Result<std::uint64_t> Cache::collect(std::uint64_t limit) {
  if (state_->use != CacheUse::kWrite) {
    return {ErrorCode::kStore, state_->layout.root.path() + " was opened for reading only"};
  }
  const Layout& layout = state_->layout;
  const std::uint64_t before = used_bytes();
  for (const std::string& name : altered_blobs(layout, read_releases(layout))) {
    layout.blobs.remove(name);
  }
  auto releases = read_releases(layout);
  remove_incomplete(layout, releases);
  remove_leftovers(layout, releases, {});
  remove_spent_floors(layout, releases);
  const std::uint64_t most = limit == 0 ? state_->limit : limit;
  while (used_bytes() > most && !releases.empty()) {
    evict(layout, releases, least_used(releases, {}), {});
  }
  const std::uint64_t after = used_bytes();
  return before > after ? before - after : 0;
}

}  // namespace phase::boot
