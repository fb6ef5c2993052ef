#include "boot/cache/layout.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace phase::boot::cachefs {
namespace {

constexpr std::uint64_t kEndlessBytes = std::uint64_t{1} << 62;
constexpr const char* kNewMarker = "PHASECACHE.new";

Result<void> check_marker(const Folder& root) {
  const auto info = root.info(kCacheMarker);
  if (!info || !info->regular) {
    return {ErrorCode::kNotFound,
            root.path() + " is no cache: it has no file " + kCacheMarker +
                "; `plasmd cache init` makes a cache of an empty folder"};
  }
  const auto line = root.read(kCacheMarker, 64);
  if (line && as_text(*line) == kFormatLine) return {};
  if (!line && line.error().code == ErrorCode::kStore) return line.error();
  return {ErrorCode::kConfig, root.path() + " is a cache of a format that this program does not "
                                            "know; it is left as it is"};
}

/// A part that is missing is as good as empty for a reader.
Result<Folder> part(const Folder& root, const char* name, CacheUse use) {
  Result<Folder> folder = use == CacheUse::kWrite ? root.make(name) : root.enter(name);
  if (folder) return folder;
  if (use == CacheUse::kRead && folder.error().code == ErrorCode::kNotFound) return Folder();
  return Error{ErrorCode::kStore, folder.error().detail};
}

Result<void> check_writable(const Layout& layout) {
  for (const Folder* folder : {&layout.blobs, &layout.releases, &layout.floors, &layout.tmp}) {
    if (::faccessat(folder->fd(), ".", W_OK | X_OK, AT_EACCESS) == 0) continue;
    return {ErrorCode::kStore, "cannot write to " + folder->path() + ": " + std::strerror(errno)};
  }
  return {};
}

// Files looked at in all; a full cache has an eighth of them.
constexpr std::size_t kMaxFiles = 2 * kMaxNames;

std::uint64_t used_in(const Folder& folder, unsigned levels, std::size_t& files) {
  std::uint64_t sum = 0;
  for (const std::string& name : folder.names()) {
    if (++files > kMaxFiles) break;
    const auto info = folder.info(name);
    if (!info) continue;
    if (info->regular) sum += std::min(info->size, kEndlessBytes);
    if (info->folder && levels > 0) {
      if (const auto inner = folder.enter(name)) sum += used_in(*inner, levels - 1, files);
    }
    sum = std::min(sum, kEndlessBytes);
  }
  return sum;
}

}  // namespace

Result<Layout> open_layout(const std::string& folder, CacheUse use) {
  Layout layout;
  auto root = Folder::open(folder);
  if (!root) return root.error();
  layout.root = *std::move(root);
  if (auto marked = check_marker(layout.root); !marked) return marked.error();
  const std::pair<Folder*, const char*> parts[] = {{&layout.blobs, "blobs"},
                                                   {&layout.releases, "releases"},
                                                   {&layout.floors, "floors"},
                                                   {&layout.tmp, "tmp"}};
  for (const auto& [where, name] : parts) {
    auto opened = part(layout.root, name, use);
    if (!opened) return opened.error();
    *where = *std::move(opened);
  }
  if (use == CacheUse::kWrite) {
    if (auto can = check_writable(layout); !can) return can.error();
  }
  return layout;
}

Result<void> claim_layout(const std::string& folder, CacheUse use) {
  const auto root = Folder::open(folder);
  if (!root) return root.error();
  const auto marker = root->info(kCacheMarker);
  if (marker && marker->regular) return {};
  for (const std::string& name : root->names()) {
    if (name == "lost+found" || name == kNewMarker) continue;
    return {ErrorCode::kNotFound, "it holds files (" + printable(name) + ") and has no file " +
                                      kCacheMarker + "; it is left as it is"};
  }
  return use == CacheUse::kWrite ? create_layout(folder) : Result<void>();
}

Result<void> give_layout(const std::string& folder, uid_t owner) {
  const auto layout = open_layout(folder, CacheUse::kWrite);
  if (!layout) return layout.error();
  if (auto done = layout->root.give(kCacheMarker, owner); !done) return done;
  for (const char* part : {"blobs", "releases", "floors", "tmp"}) {
    if (auto done = layout->root.give(part, owner); !done) return done;
  }
  std::size_t files = 0;
  for (const Folder* part : {&layout->releases, &layout->floors, &layout->tmp}) {
    for (const std::string& name : part->names()) {
      if (auto done = part->give(name, owner); !done) return done;
      const auto inner = part->enter(name);
      if (!inner) continue;
      for (const std::string& file : inner->names()) {
        if (++files > kMaxFiles) return {ErrorCode::kStore, part->path() + " holds too much"};
        if (auto done = inner->give(file, owner); !done) return done;
      }
    }
  }
  return {};
}

Result<void> create_layout(const std::string& folder) {
  const auto root = Folder::open(folder);
  if (!root) {
    const bool missing = root.error().code == ErrorCode::kNotFound;
    return {missing ? ErrorCode::kUsage : root.error().code,
            root.error().detail + (missing ? "; make the folder first" : "")};
  }
  for (const std::string& name : root->names()) {
    if (name == kCacheMarker) return {ErrorCode::kUsage, folder + " is a cache already"};
    // The second is ours, from a call that was cut off.
    if (name == "lost+found" || name == kNewMarker) continue;
    return {ErrorCode::kUsage,
            folder + " is not empty (" + printable(name) + "); a cache begins with an empty folder"};
  }
  if (auto done = root->write(kNewMarker, as_bytes(kFormatLine)); !done) return done;
  if (auto done = root->rename(kNewMarker, *root, kCacheMarker); !done) return done;
  return root->sync();
}

std::string printable(std::string text) {
  std::replace_if(text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

std::optional<Sha256> parse_name(const std::string& name) {
  if (name.size() != 64) return std::nullopt;
  const auto bytes = from_hex(name);
  if (!bytes || to_hex(*bytes) != name) return std::nullopt;
  return exactly<32>(*bytes);
}

std::uint64_t used_bytes(const Layout& layout) {
  std::size_t files = 0;
  std::uint64_t sum = std::min(used_in(layout.blobs, 0, files), kEndlessBytes);
  for (const Folder* folder : {&layout.releases, &layout.floors, &layout.tmp}) {
    sum = std::min(sum + used_in(*folder, 1, files), kEndlessBytes);
  }
  return sum;
}

std::uint64_t default_limit(const Layout& layout) {
  struct statvfs found {};
  if (::fstatvfs(layout.root.fd(), &found) != 0) return 0;
  if (found.f_blocks == 0) return kEndlessBytes;  // a tmpfs without a size
  const auto total = static_cast<std::uint64_t>(found.f_blocks) * found.f_frsize;
  return total - total / 20;
}

std::uint64_t free_bytes(const Layout& layout) {
  struct statvfs found {};
  if (::fstatvfs(layout.root.fd(), &found) != 0) return 0;
  if (found.f_blocks == 0) return kEndlessBytes;
  return static_cast<std::uint64_t>(found.f_bavail) * found.f_frsize;
}

}  // namespace phase::boot::cachefs
