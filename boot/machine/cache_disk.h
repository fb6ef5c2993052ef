// boot/machine/cache_disk.h
// Finds the partition that names itself a cache and mounts it; never any other. Only for PID 1.
//
// A cache partition has all of: GPT partition type kCachePartitionType, GPT partition name
// PHASECACHE, and a file system that we take (ext4, vfat). Disks are untrusted: what is on them is
// read by libblkid in a child without rights that is handed descriptors, within a deadline.
#pragma once

#include <functional>
#include <string>

#include "boot/cache/cache.h"
#include "boot/machine/modules.h"
#include "proto/ports.h"
#include "proto/result.h"

namespace phase::boot {

inline constexpr const char* kCachePartitionName = "PHASECACHE";
/// Random, made for this project once: `sgdisk -t 1:<this>`.
inline constexpr const char* kCachePartitionType = "7c1f3d52-9e7b-4c4b-a7f5-50484153454b";

struct CacheDiskOptions {
  std::string mount_point;   ///< Made where it is missing.
  CacheUse use = CacheUse::kRead;
  uid_t owner = 0;           ///< Who may write it: the cache child's number.
  MonoTime deadline;         ///< Disks that appear later are not waited for.
};

class CacheDisk {
 public:
  /// Mounted nosuid,nodev,noexec; with kRead nothing is ever written to the disk (ext4: "ro,noload",
  /// no journal is replayed). kNotFound: no such partition. kStore: there is one, and why it cannot
  /// be used. The first of several is taken, and `say` names the others.
  static Result<CacheDisk> mount(const CacheDiskOptions& options, Modules* modules,
                                 const Clock& clock,
                                 const std::function<void(const std::string&)>& say);
  CacheDisk(CacheDisk&& other) noexcept;
  CacheDisk& operator=(CacheDisk&&) = delete;
  ~CacheDisk();  ///< Unmounts, lazily where somebody still reads.

  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] const std::string& device() const { return device_; }  ///< "/dev/vda1".

 private:
  CacheDisk(std::string folder, std::string device)
      : folder_(std::move(folder)), device_(std::move(device)) {}
  std::string folder_;  // Empty: moved from.
  std::string device_;
};

}  // namespace phase::boot
