// boot/machine/disk_probe.h
// What a partition is: type and name in the GPT of its disk, and its file system. Adapter over
// libblkid, which parses what an untrusted disk holds: call it in a child without rights.
#pragma once

#include <cstdint>
#include <string>

namespace phase::boot {

enum class FileSystem : char {
  kUnreadable = 'u',       ///< The partition table or the partition cannot be read.
  kNotOurs = 'n',          ///< No GPT, or another type, or another name.
  kNone = '0',             ///< No file system on it, or signs of several.
  kOther = 'o',            ///< One that we do not take.
  kForeignJournal = 'j',   ///< ext4 whose journal is another device, which a mount would write to.
  kExt4 = 'e',
  kVfat = 'v',
};

struct ProbeTarget {
  int disk = -1;          ///< The whole disk; only read.
  int partition = -1;
  unsigned number = 0;    ///< The partition's, from 1.
  std::string type;       ///< GUID, lower case.
  std::string name;
};

[[nodiscard]] FileSystem probe_partition(const ProbeTarget& target);

}  // namespace phase::boot
