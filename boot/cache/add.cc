// Cache::add(): blobs first, then the release, each whole or not at all.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

#include "boot/cache/copy.h"
#include "boot/cache/evict.h"
#include "boot/cache/source.h"

namespace phase::boot {
namespace {

using namespace cachefs;

// What a file costs besides its content: its entry, its part of a block.
constexpr std::uint64_t kPerFile = 8192;

class Adding {
 public:
  Adding(const Layout& layout, std::uint64_t limit, const Source& source, WallTime now,
         const std::function<void(std::uint64_t)>& on_progress)
      : layout_(layout),
        limit_(limit),
        source_(source),
        now_(now),
        on_progress_(on_progress),
        name_(name_of(source.manifest_sha256)),
        kept_{&source.document, source.manifest_sha256},
        releases_(read_releases(layout)) {}

  Result<void> run() {
    if (is_stored()) return refresh();
    remove_leftovers(layout_, releases_, kept_);
    auto done = make_room();
    if (done) done = copy_blobs();
    if (done) done = write_release();
    if (!done) {
      // Those are of no release, so they would only take room.
      for (const std::string& name : written_) layout_.blobs.remove(name);
      layout_.tmp.remove(name_);
      return done.error().in(source_.label());
    }
    remove_spent_floors(layout_, read_releases(layout_));
    return {};
  }

 private:
  [[nodiscard]] bool is_stored() const {
    return std::any_of(releases_.begin(), releases_.end(), [&](const Stored& stored) {
      return stored.release.manifest_sha256 == source_.manifest_sha256 && stored.release.complete;
    });
  }

  /// A newer pointer finds more; that it was stored before stays true where it cannot be written.
  Result<void> refresh() {
    stamp(layout_, source_.manifest_sha256, now_);
    const auto folder = layout_.releases.enter(name_);
    if (!folder) return folder.error();
    replace(*folder, kTorrentName, source_.torrent, kMaxTorrentBytes);
    replace(*folder, kPointerName, source_.pointer, kMaxPointerFileBytes);
    replace(*folder, kRootsName, source_.roots, kMaxRootsFileBytes);
    return {};
  }

  void replace(const Folder& folder, const char* name, const Bytes& content, std::size_t cap) {
    if (content.empty()) return;
    const auto old = folder.read(name, cap);
    if (old && *old == content) return;
    const auto info = folder.info(name);
    if (info && !info->regular) folder.remove(name);
    if (layout_.tmp.write(name_, content) && layout_.tmp.rename(name_, folder, name)) {
      (void)folder.sync();
    }
    layout_.tmp.remove(name_);
  }

  [[nodiscard]] std::map<std::string, const Artifact*> missing() const {
    std::map<std::string, const Artifact*> out;
    for (const Artifact& artifact : source_.document.manifest.artifacts) {
      if (!has_blob(layout_, artifact)) out[name_of(artifact.sha256)] = &artifact;
    }
    return out;
  }

  /// All is counted before the first release goes, so that none goes for nothing.
  Result<void> make_room() {
    if (const std::uint64_t whole = source_.whole_bytes(); whole > limit_) {
      return {ErrorCode::kStore, "takes " + std::to_string(whole) + " bytes, the cache's limit is " +
                                     std::to_string(limit_)};
    }
    const auto new_blobs = missing();
    std::uint64_t content = source_.small_bytes();
    for (const auto& [name, artifact] : new_blobs) content += artifact->size;
    const std::uint64_t on_disk = content + kPerFile * (new_blobs.size() + 4);
    const std::uint64_t most =
        free_bytes(layout_) + evictable_bytes(layout_, releases_, kept_);
    if (on_disk > most) {
      return {ErrorCode::kStore, "the cache's disk is full: " + std::to_string(on_disk) +
                                     " bytes are needed, " + std::to_string(most) +
                                     " can be made free"};
    }
    while (releases_.size() >= kMaxCachedReleases || used_bytes(layout_) + content > limit_ ||
           free_bytes(layout_) < on_disk) {
      if (!evict_one()) {
        return {ErrorCode::kStore, "the cache is full, and nothing in it can make room"};
      }
    }
    return {};
  }

  bool evict_one() {
    const std::size_t index = least_used(releases_, kept_);
    if (index == releases_.size()) return false;
    evict(layout_, releases_, index, kept_);
    return true;
  }

  Result<void> copy_blobs() {
    for (const auto& [name, artifact] : missing()) {
      if (auto done = copy_blob(name, *artifact); !done) return done.error().in(artifact->name);
    }
    return layout_.blobs.sync();
  }

  Result<void> copy_blob(const std::string& name, const Artifact& artifact) {
    CopyEnd end = CopyEnd::kFull;
    while (true) {
      const auto from = source_.open(artifact.name);
      if (!from) return from.error();
      const auto to = layout_.tmp.create(name);
      if (!to) return to.error();
      end = copy(*from, to->get(), artifact);
      const int number = errno;
      if (end == CopyEnd::kDone) break;
      layout_.tmp.remove(name);
      if (end == CopyEnd::kAltered) return {ErrorCode::kAltered, "is not what the manifest says"};
      if (end == CopyEnd::kFull && evict_one()) continue;
      return {ErrorCode::kStore, "cannot be written: " + std::string(std::strerror(number))};
    }
    // In its place may be what cannot be renamed over.
    const auto info = layout_.blobs.info(name);
    if (info && !info->regular) layout_.blobs.remove(name);
    if (auto placed = layout_.tmp.rename(name, layout_.blobs, name); !placed) return placed;
    written_.push_back(name);
    done_bytes_ += artifact.size;
    return {};
  }

  /// On the disk when it is done.
  [[nodiscard]] CopyEnd copy(const OpenFile& from, int to, const Artifact& artifact) const {
    const auto wrote = [this](std::uint64_t bytes) {
      if (on_progress_) on_progress_(done_bytes_ + bytes);
    };
    const CopyEnd end = copy_hashed({.from = from.fd.get(),
                                     .to = to,
                                     .size = artifact.size,
                                     .sha256 = artifact.sha256,
                                     .wrote = wrote});
    if (end != CopyEnd::kDone || sync_file(to)) return end;
    return is_full(errno) ? CopyEnd::kFull : CopyEnd::kFailed;
  }

  Result<void> write_release() {
    while (true) {
      const auto done = write_files();
      if (done) break;
      const bool was_full = free_bytes(layout_) < source_.small_bytes() + 4 * kPerFile;
      layout_.tmp.remove(name_);
      if (!was_full || !evict_one()) return done;
    }
    // One that is there is not whole, or refresh() would have done.
    layout_.releases.remove(name_);
    if (auto placed = layout_.tmp.rename(name_, layout_.releases, name_); !placed) return placed;
    stamp(layout_, source_.manifest_sha256, now_);
    return layout_.releases.sync();
  }

  Result<void> write_files() {
    layout_.tmp.remove(name_);
    const auto folder = layout_.tmp.make(name_);
    if (!folder) return folder.error();
    const std::pair<const char*, const Bytes*> files[] = {{kManifestName, &source_.manifest},
                                                          {kTorrentName, &source_.torrent},
                                                          {kPointerName, &source_.pointer},
                                                          {kRootsName, &source_.roots}};
    for (const auto& [name, content] : files) {
      if (content->empty()) continue;
      if (auto done = folder->write(name, *content); !done) return done;
    }
    return folder->sync();
  }

  const Layout& layout_;
  const std::uint64_t limit_;
  const Source& source_;
  const WallTime now_;
  const std::function<void(std::uint64_t)>& on_progress_;
  const std::string name_;
  const Kept kept_;

  std::vector<Stored> releases_;      // What is there now, others than this one too.
  std::vector<std::string> written_;  // Blobs.
  std::uint64_t done_bytes_ = 0;
};

}  // namespace

Result<void> Cache::add(const CacheEntry& entry, WallTime now,
                        const std::function<void(std::uint64_t)>& on_progress) {
  if (state_->use != CacheUse::kWrite) {
    return {ErrorCode::kStore, state_->layout.root.path() + " was opened for reading only"};
  }
  const auto source = read_source(entry);
  if (!source) return source.error();
  return Adding(state_->layout, state_->limit, *source, now, on_progress).run();
}

}  // namespace phase::boot
