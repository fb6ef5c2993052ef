#include "tests/bench/cpu_time.h"

#include <unistd.h>

#include <fstream>
#include <string>

namespace phase::bench {

CpuTime cpu_time() {
  std::ifstream stat("/proc/stat");
  std::string name;
  stat >> name;
  CpuTime out;
  double ticks = 0;
  const auto a_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  for (int i = 0; i < 8 && stat >> ticks; ++i) {
    out.all += ticks / a_second;
    if (i != 3 && i != 4) out.busy += ticks / a_second;  // idle, iowait
  }
  return out;
}

}  // namespace phase::bench
