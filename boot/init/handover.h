// boot/init/handover.h
// What one boot hands to the next system: a newc archive that holds /phase/* and nothing else,
// written behind the signed initramfs. Linux unpacks concatenated archives in order
// (Documentation/driver-api/early-userspace/buffer-format.rst), each 4-byte aligned. Format page:
// docs/HANDOVER.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/bytes.h"
#include "proto/result.h"

namespace phase::boot {

struct HandoverFile {
  /// In /phase, at most three components deep; its folders are written before it.
  std::string name;
  ByteView content;  ///< Borrowed.
  std::string also;  ///< A second name for the same bytes; empty: none.
};

/// Bytes that append_handover() adds behind an initramfs of `initramfs_size` bytes.
[[nodiscard]] std::uint64_t handover_size(std::uint64_t initramfs_size,
                                          const std::vector<HandoverFile>& files);

/// Pads `fd` (at `initramfs_size`, its end) to 4 bytes with zeros, which Linux passes over between
/// archives, and appends the archive. kStore where not every byte could be written: the file is
/// then cut back to `initramfs_size`.
[[nodiscard]] Result<void> append_handover(int fd, std::uint64_t initramfs_size,
                                           const std::vector<HandoverFile>& files);

}  // namespace phase::boot
