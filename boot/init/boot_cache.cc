#include "boot/init/boot_cache.h"

#include <algorithm>
#include <cstdio>

#include "boot/init/identities.h"

namespace phase::boot {
namespace {

using std::chrono::seconds;

constexpr seconds kMountTime{10};
constexpr seconds kAskTime{10};
// A slow USB stick takes 300 MB in this.
constexpr seconds kWriteTime{180};

}  // namespace

void BootCache::look(Stages& stages) {
  const bool wanted = policy_of(context_.options.mode).cache && context_.options.cache;
  if (!wanted || found_) return;
  Stages took;
  context_.timed(took, "cache", [this] {
    open();
    return 0;
  });
  if (found_) stages.push_back(took.front());
}

bool BootCache::may_write() const {
  return policy_of(context_.options.mode).write_cache && !context_.options.nowrite;
}

void BootCache::none(const std::string& why) {
  disk_.reset();
  word_ = {};
  context_.console.line("no cache: " + why, Level::kWarning);
}

Result<CacheDisk> BootCache::mount(CacheUse use) {
  return CacheDisk::mount({.mount_point = kCacheFolder,
                           .use = use,
                           .owner = kCacheUid,
                           .deadline = context_.clock.now() + kMountTime},
                          context_.modules ? &*context_.modules : nullptr, context_.clock,
                          [this](const std::string& line) { context_.console.line(line); });
}

/// A disk that cannot be written may still be read.
Result<CacheDisk> BootCache::mount_best() {
  writable_ = may_write();
  if (writable_) {
    auto disk = mount(CacheUse::kWrite);
    if (disk || disk.error().code == ErrorCode::kNotFound) return disk;
    writable_ = false;
  }
  return mount(CacheUse::kRead);
}

void BootCache::open() {
  auto disk = mount_best();
  if (!disk) {
    // Most machines have none, and nobody has to be told.
    if (disk.error().code == ErrorCode::kNotFound) return;
    found_ = true;
    return none(disk.error().detail);
  }
  found_ = true;
  disk_.emplace(std::move(*disk));
  const auto word = ask_cache({.folder = disk_->folder(),
                               .policy = policy_,
                               .channel = context_.options.channel,
                               .arch = context_.arch,
                               .min_version = std::max(context_.options.min_version,
                                                       context_.power_on.version_floor()),
                               .now = now_},
                              context_.clock.now() + kAskTime, context_.clock);
  if (!word) return none(disk_->device() + ": " + word.error().detail);
  word_ = *word;
  // Holds on where the disk is gone at the next attempt.
  context_.power_on.saw_version(word_.floor);
  context_.console.line("cache: " + disk_->device() + (writable_ ? "" : ", read only") +
                        (word_.best != 0 ? ", version " + std::to_string(word_.best) + " is there"
                                         : ", holds nothing for this machine") +
                        (word_.floor > word_.best
                             ? ", nothing below version " + std::to_string(word_.floor) +
                                   " is booted"
                             : ""));
}

void BootCache::keep(const Verdict& verdict, const std::vector<std::string>& refusals) {
  if (!disk_) return;
  if (writable_) {
    const bool repair = std::any_of(refusals.begin(), refusals.end(), [](const std::string& line) {
      return line.starts_with("cache: ");
    });
    const MonoTime begin = context_.clock.now();
    const auto done = fill_cache({.folder = disk_->folder(),
                                  .fetched = kFetchFolder,
                                  .release = verdict.folder,
                                  .root = policy_.root,
                                  .channel = context_.options.channel,
                                  .arch = context_.arch,
                                  .now = now_,
                                  .repair = repair},
                                 begin + kWriteTime, context_.clock);
    char took[32];
    std::snprintf(took, sizeof took, " (%.2f s)",
                  std::chrono::duration<double>(context_.clock.now() - begin).count());
    if (done) {
      context_.console.line("cache: version " + std::to_string(verdict.version) + " is kept" +
                            took);
    } else {
      context_.console.line("cache: not kept: " + done.error().detail, Level::kWarning);
    }
  }
  disk_.reset();
}

}  // namespace phase::boot
