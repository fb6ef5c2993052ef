// tests/vm/disk_scene.h
// Machines with a disk: a cache partition between a FAT and an ext4 partition of somebody else's.
#pragma once

#include <string>
#include <vector>

#include "scene.h"
#include "sim/disk.h"

namespace phase::sim {

/// Of the disks made here.
inline constexpr std::size_t kFatPartition = 0, kCachePartition = 1, kExt4Partition = 2;

class DiskScene : public Scene {
 protected:
  /// A cache as a host makes one, in a folder: with the release that is published now, or empty.
  /// Its files belong to whom they belong in a machine's cache.
  std::string make_cache(bool with_release);
  /// A disk whose cache partition has the files of `cache`.
  Disk make_disk(const std::string& name, const std::string& cache);
  /// The cache's files with artifacts in them, largest first: all that is over 64 KiB.
  static std::vector<std::string> artifacts(const Disk& disk);

  /// Without a NIC, only a disk; `words` are added to the command line.
  std::unique_ptr<Machine> power_on_alone(const Disk& disk, const std::string& words);
};

}  // namespace phase::sim
