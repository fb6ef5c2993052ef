// sim/power_cut.h
// What a power cut can leave of a disk. A disk with a write cache keeps its promise about flushed
// writes only: of those behind the last flush that it finished, any may be lost, in any order.
// Reads the log that QEMU's blklogwrites keeps (MachineDisk::write_log; the format is that of
// Linux's dm-log-writes, Documentation/admin-guide/device-mapper/log-writes.rst).
#pragma once

#include <cstdint>
#include <string>

#include "proto/result.h"

namespace phase::sim {

struct PowerCut {
  std::uint64_t writes = 0;    ///< That the machine made.
  std::uint64_t flushes = 0;   ///< That the disk finished.
  std::uint64_t at_risk = 0;   ///< Writes behind the last one of them …
  std::uint64_t lost = 0;      ///< … and how many of these are lost here.
};

/// `image` is the disk as it was when the machine was switched on; it becomes what the power cut
/// left: all writes up to the last flush, and of the later ones those that `rng_seed` spares.
/// kMalformed where the log is none, or misses an entry before the last flush.
Result<PowerCut> apply_power_cut(const std::string& write_log, const std::string& image,
                                 std::uint64_t rng_seed);

/// Bytes of the log so far; 0 where there is none yet.
[[nodiscard]] std::uint64_t written_so_far(const std::string& write_log);

}  // namespace phase::sim
