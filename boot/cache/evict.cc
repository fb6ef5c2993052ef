#include "boot/cache/evict.h"

#include <algorithm>
#include <map>
#include <utility>

#include "proto/envelope.h"

namespace phase::boot::cachefs {
namespace {

std::set<std::string> needed_by(const std::vector<Stored>& releases, const Kept& kept) {
  std::set<std::string> needed = blobs_of(releases);
  if (kept.document != nullptr) needed.merge(blobs_of(kept.document->manifest));
  return needed;
}

/// What is only being added does not count: that may still fail.
bool is_highest(const Stored& gone, const std::vector<Stored>& others) {
  const std::uint64_t version = gone.release.manifest.release_version;
  return std::none_of(others.begin(), others.end(), [&](const Stored& other) {
    return other.line == gone.line && other.release.manifest.release_version >= version;
  });
}

void leave_floor(const Layout& layout, const std::string& name) {
  const auto folder = layout.releases.enter(name);
  if (folder && folder->rename(kManifestName, layout.floors, name)) (void)layout.floors.sync();
}

}  // namespace

void remove_leftovers(const Layout& layout, const std::vector<Stored>& releases,
                      const Kept& kept) {
  for (const std::string& name : layout.tmp.names()) layout.tmp.remove(name);
  std::set<std::string> known;
  for (const Stored& stored : releases) known.insert(name_of(stored.release.manifest_sha256));
  for (const std::string& name : layout.releases.names()) {
    if (!known.contains(name)) layout.releases.remove(name);
  }
  const std::set<std::string> needed = needed_by(releases, kept);
  for (const std::string& name : layout.blobs.names()) {
    const auto info = layout.blobs.info(name);
    if (!needed.contains(name) || (info && !info->regular)) layout.blobs.remove(name);
  }
}

void evict(const Layout& layout, std::vector<Stored>& releases, std::size_t index,
           const Kept& kept) {
  const Stored gone = std::move(releases[index]);
  releases.erase(releases.begin() + static_cast<std::ptrdiff_t>(index));
  const std::string name = name_of(gone.release.manifest_sha256);
  if (is_highest(gone, releases)) leave_floor(layout, name);
  // Out of the list at once and for good, before the first of its files goes.
  layout.tmp.remove(name);
  if (!layout.releases.rename(name, layout.tmp, name)) layout.releases.remove(name);
  (void)layout.releases.sync();
  layout.tmp.remove(name);
  const std::set<std::string> needed = needed_by(releases, kept);
  for (const std::string& blob : blobs_of(gone.release.manifest)) {
    if (!needed.contains(blob)) layout.blobs.remove(blob);
  }
}

std::size_t least_used(const std::vector<Stored>& releases, const Kept& kept) {
  std::size_t least = releases.size();
  for (std::size_t i = 0; i < releases.size(); ++i) {
    const CachedRelease& one = releases[i].release;
    if (kept.document != nullptr && one.manifest_sha256 == kept.manifest_sha256) continue;
    if (least == releases.size() || one.last_used < releases[least].release.last_used) least = i;
  }
  return least;
}

std::uint64_t evictable_bytes(const Layout& layout, const std::vector<Stored>& releases,
                              const Kept& kept) {
  const std::set<std::string> stays = needed_by({}, kept);
  std::uint64_t sum = 0;
  for (const std::string& name : blobs_of(releases)) {
    const auto info = layout.blobs.info(name);
    if (info && info->regular && !stays.contains(name)) sum += info->size;
  }
  return sum;
}

void remove_spent_floors(const Layout& layout, const std::vector<Stored>& releases) {
  struct Highest {
    std::uint64_t version = 0;
    std::string floor;  // Its name; empty: a stored release.
  };
  std::map<std::string, Highest> lines;
  for (const Stored& stored : releases) {
    std::uint64_t& version = lines[stored.line].version;
    version = std::max(version, stored.release.manifest.release_version);
  }
  std::size_t stay = 0;
  for (const std::string& name : layout.floors.names()) {
    const auto hash = parse_name(name);
    const auto bytes = layout.floors.read(name, kMaxEnvelopeBytes);
    const auto document = hash && bytes ? read_document(*bytes, *hash)
                                        : Result<Document>(ErrorCode::kMalformed, "no floor");
    const auto line = document ? lines.find(document->line) : lines.end();
    const bool spent = line != lines.end() &&
                       document->manifest.release_version <= line->second.version;
    const bool replaces = line != lines.end() && !line->second.floor.empty();
    if (!document || spent || (stay == kMaxCachedReleases && !replaces)) {
      layout.floors.remove(name);
      continue;
    }
    if (replaces) layout.floors.remove(line->second.floor);
    if (!replaces) ++stay;
    lines[document->line] = {document->manifest.release_version, name};
  }
}

}  // namespace phase::boot::cachefs
