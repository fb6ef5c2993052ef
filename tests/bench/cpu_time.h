// tests/bench/cpu_time.h
// What all cores did since boot, as /proc/stat has it, and what one program did: the cost of a transfer
// is that of both ends.
#pragma once

#include <sys/types.h>

namespace phase::bench {

struct CpuTime {
  double busy = 0;  ///< Seconds, over all cores.
  double all = 0;
};

[[nodiscard]] CpuTime cpu_time();

/// Seconds of a running process and its children, which run too.
[[nodiscard]] double cpu_of(pid_t first);
/// Of all children of this process that have ended.
[[nodiscard]] double cpu_of_ended();

}  // namespace phase::bench
