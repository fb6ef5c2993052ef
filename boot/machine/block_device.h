// boot/machine/block_device.h
// Which partitions the kernel sees. Reads /sys only; what it says of names comes from the disks.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/fd.h"
#include "proto/result.h"

namespace phase::boot {

struct BlockUevent {
  std::string device;          ///< "vda1", below /dev; checked to be a plain name.
  std::string partition_name;  ///< PARTNAME; empty: none.
  unsigned major = 0, minor = 0;
  unsigned number = 0;         ///< PARTN; 0: a whole disk.
};

/// Of /sys/class/block/*/uevent, at most 4 KiB. None where a field is missing or breaks a rule.
[[nodiscard]] std::optional<BlockUevent> parse_block_uevent(std::string_view untrusted);

struct Partition {
  BlockUevent partition;
  BlockUevent disk;  ///< The one that it is on.
};

/// Those with this partition name, in the order of their names; at most 16.
[[nodiscard]] std::vector<Partition> find_partitions(const std::string& partition_name,
                                                     const std::string& sysfs = "/sys");

/// For reading. kStore where what is there is not the block device with these numbers.
[[nodiscard]] Result<Fd> open_block_device(const BlockUevent& device);

}  // namespace phase::boot
