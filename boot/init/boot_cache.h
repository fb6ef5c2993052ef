// boot/init/boot_cache.h
// The cache of one boot attempt, from mounting it to storing what was verified. Whatever is wrong
// with it means "no cache", said once, and the boot goes on. Threads: one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "boot/init/cache_child.h"
#include "boot/init/context.h"
#include "boot/init/verdict.h"
#include "boot/machine/cache_disk.h"

namespace phase::boot {

class BootCache {
 public:
  /// `now`: of the attempt.
  BootCache(Context& context, const TrustPolicy& policy, WallTime now)
      : context_(context), policy_(policy), now_(now) {}

  /// Mounts and asks it, where mode and phase.cache= allow; adds the time to `stages`. To be
  /// called again after something slow: disks appear when they please, and nobody waits for one
  /// that may not be there. Does nothing once one was found.
  void look(Stages& stages);

  /// Zeros without a cache.
  [[nodiscard]] const CacheWord& word() const { return word_; }
  /// Empty without a cache.
  [[nodiscard]] std::string folder() const { return disk_ ? disk_->folder() : std::string(); }
  /// Stores the release that the verifier accepted, where mode and phase.nowrite= allow, and
  /// unmounts: nothing is mounted when the next kernel starts. `refusals` of the fetch: what they
  /// say of the cache has it looked through.
  void keep(const Verdict& verdict, const std::vector<std::string>& refusals);

 private:
  [[nodiscard]] bool may_write() const;
  [[nodiscard]] Result<CacheDisk> mount(CacheUse use);
  [[nodiscard]] Result<CacheDisk> mount_best();
  void open();
  void none(const std::string& why);

  Context& context_;
  const TrustPolicy& policy_;
  const WallTime now_;
  std::optional<CacheDisk> disk_;
  bool found_ = false;     // a partition, be it of use or not
  bool writable_ = false;
  CacheWord word_;
};

}  // namespace phase::boot
