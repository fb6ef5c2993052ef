#include "tests/bench/cpu_time.h"

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

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

double cpu_of(pid_t first) {
  std::vector<pid_t> all = {first};
  const auto id = std::to_string(first);
  std::ifstream children("/proc/" + id + "/task/" + id + "/children");
  for (pid_t child = 0; children >> child;) all.push_back(child);
  double ticks = 0;
  for (const pid_t pid : all) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    std::istringstream rest(text.substr(text.rfind(')') + 1));  // the name may hold blanks
    std::string passed;
    for (int field = 3; field < 14; ++field) rest >> passed;
    double user = 0, kernel = 0;
    rest >> user >> kernel;
    ticks += user + kernel;
  }
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double cpu_of_ended() {
  rusage used{};
  ::getrusage(RUSAGE_CHILDREN, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace phase::bench
