// boot/init/fetch_area.h
// The file system that a release is fetched into: a tmpfs of limited size that the network child
// alone can write, until it is frozen. Frozen, everything in it belongs to root and the whole
// file system is read-only; the kernel refuses to make it so (EBUSY) while anybody still holds a
// descriptor or mapping that could write, so what is hashed after freeze() is what is loaded.
// Only for PID 1 (or root in a mount namespace of its own).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "proto/ports.h"
#include "proto/result.h"

namespace phase::boot {

class FetchArea {
 public:
  /// Mounts at `path` (made where it is missing), `room` bytes, for `owner` alone. kInternal.
  static Result<FetchArea> mount(const std::string& path, std::uint64_t room, uid_t owner);
  FetchArea(FetchArea&& other) noexcept;
  FetchArea& operator=(FetchArea&&) = delete;
  /// Unmounts: what was fetched is gone and its memory is free.
  ~FetchArea();

  /// After the owner's processes have ended. Refuses (kAltered) anything but regular files with
  /// one name and folders; kTimeout where somebody could still write at `deadline`.
  [[nodiscard]] Result<void> freeze(MonoTime deadline, const Clock& clock);
  /// Writable again, for root alone: everything belongs to root since freeze().
  [[nodiscard]] Result<void> thaw();
  /// The second freeze, after PID 1 wrote: nothing changes hands any more.
  [[nodiscard]] Result<void> freeze_again(MonoTime deadline, const Clock& clock);

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit FetchArea(std::string path) : path_(std::move(path)) {}
  std::string path_;  // Empty: moved from.
};

/// SIGKILLs every process of `uid`, whatever it forked; the caller reaps. A child that takes the
/// number, and so may signal nobody else, does it in one call. Never for uid 0.
[[nodiscard]] Result<void> end_processes_of(uid_t uid);

}  // namespace phase::boot
