// boot/init/mounts.h
// The file systems that everything else needs, mounted first.
#pragma once

#include <string>
#include <vector>

namespace phase::boot {

/// /proc, /sys, /dev (devtmpfs), /dev/pts, /run and /tmp. No folder is left that a process without
/// privileges can write to. What is mounted already stays. One printable line for each failure.
[[nodiscard]] std::vector<std::string> mount_early();

/// Raises the system clock to `floor` (seconds since 1970) where it is before it: a machine
/// without a clock could judge nothing else. True where it did; a clock that cannot be set stays.
bool raise_clock(long long floor);

}  // namespace phase::boot
