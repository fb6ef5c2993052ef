// tests/bench/cpu_time.h
// What all cores did since boot, as /proc/stat has it: the cost of a transfer is that of both ends.
#pragma once

namespace phase::bench {

struct CpuTime {
  double busy = 0;  ///< Seconds, over all cores.
  double all = 0;
};

[[nodiscard]] CpuTime cpu_time();

}  // namespace phase::bench
