// boot/cache/evict.h
// How releases leave a cache. For boot/cache/*.cc only; the caller holds the lock.
#pragma once

#include <cstdint>
#include <vector>

#include "boot/cache/contents.h"

namespace phase::boot::cachefs {

/// What must stay: the release that is being added, or nothing.
struct Kept {
  const Document* document = nullptr;
  Sha256 manifest_sha256{};
};

/// Empties tmp/, removes from releases/ and blobs/ what neither `releases` nor `kept` need.
void remove_leftovers(const Layout& layout, const std::vector<Stored>& releases,
                      const Kept& kept);
/// Takes `releases[index]` off the disk and out of `releases`. Its blobs go unless another or
/// `kept` needs them; its manifest stays as a floor where it is the highest version of its
/// line in `releases`. After a crash it is there whole, or not at all.
void evict(const Layout& layout, std::vector<Stored>& releases, std::size_t index,
           const Kept& kept);
/// Index of the one used least recently, `kept` aside; releases.size() where there is none.
[[nodiscard]] std::size_t least_used(const std::vector<Stored>& releases, const Kept& kept);
/// Bytes of blobs that evicting all but `kept` would give back.
[[nodiscard]] std::uint64_t evictable_bytes(const Layout& layout,
                                            const std::vector<Stored>& releases,
                                            const Kept& kept);
/// Removes floors below another one or a stored release of their line, damaged ones, and those that
/// are too many.
void remove_spent_floors(const Layout& layout, const std::vector<Stored>& releases);

}  // namespace phase::boot::cachefs
