// sim/disk.h
// Raw images of disks for machines: a GPT, partitions with file systems and files, made and read
// without mounting anything. Adapts the programs `sgdisk`, `mke2fs`, `debugfs`, `e2fsck`,
// `mkfs.vfat` and mtools; they read what a machine wrote, so a broken file system is
// an Error.
//
// Threads: the owner's. No machine may run on an image while this reads or changes it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/bytes.h"
#include "proto/hash.h"
#include "proto/result.h"

namespace phase::sim {

enum class FileSystem : std::uint8_t { kNone, kExt4, kVfat };

struct PartitionOptions {
  std::string name;             ///< GPT partition name.
  std::string type = "8300";    ///< GUID, or sgdisk's code: Linux file system.
  std::uint64_t mib = 16;       ///< ext4 has its journal from 16 on.
  FileSystem file_system = FileSystem::kNone;
  std::string content;          ///< Folder whose files it gets; empty: none.
};

class Disk {
 public:
  /// Makes the image `path`, sparse, replaced where there is one. Partitions begin at whole MiB.
  static Result<Disk> create(const std::string& path, const std::vector<PartitionOptions>& partitions);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::uint64_t bytes() const;
  /// The same disk in another file.
  Result<Disk> copy_to(const std::string& path) const;

  // `partition` counts from 0; paths begin with "/".
  [[nodiscard]] Result<Bytes> read_file(std::size_t partition, const std::string& path) const;
  /// Paths of all files below `folder`, sorted; no folders.
  [[nodiscard]] Result<std::vector<std::string>> files(std::size_t partition,
                                                       const std::string& folder = "/") const;
  /// Turns every bit of one byte of the file's data on the disk; its file system does not know.
  /// ext4 only: kUsage otherwise. kNotFound where the file has no such byte.
  Result<void> flip_byte(std::size_t partition, const std::string& path, std::uint64_t offset);
  /// What `fsck -p` does at a machine's start: replays the journal, repairs what needs no decision.
  /// kAltered where the file system is damaged beyond that. ext4; nothing to do for others.
  Result<void> recover(std::size_t partition);

  [[nodiscard]] Result<Sha256> sha256() const;
  [[nodiscard]] Result<Sha256> sha256(std::size_t partition) const;

 private:
  struct Partition {
    std::uint64_t begin = 0, size = 0;  // Bytes.
    FileSystem file_system = FileSystem::kNone;
  };
  Disk(std::string path, std::vector<Partition> partitions)
      : path_(std::move(path)), partitions_(std::move(partitions)) {}
  static Result<void> format(const std::string& path, const Partition& place,
                             const PartitionOptions& options);
  [[nodiscard]] Result<std::string> debugfs(std::size_t partition, const std::string& request) const;
  [[nodiscard]] Result<std::uint64_t> data_block(std::size_t partition, const std::string& path,
                                                 std::uint64_t block) const;

  std::string path_;
  std::vector<Partition> partitions_;
};

}  // namespace phase::sim
