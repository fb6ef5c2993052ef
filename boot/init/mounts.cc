#include "boot/init/mounts.h"

#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <ctime>

namespace phase::boot {
namespace {

struct Mount {
  const char* type;
  const char* path;
  unsigned long flags;
  const char* data;
};

// /tmp and /run are root's: the children have their own places.
constexpr Mount kMounts[] = {
    {"proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr},
    {"sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr},
    {"devtmpfs", "/dev", MS_NOSUID | MS_NOEXEC, "mode=0755"},
    {"devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "mode=0600,ptmxmode=0600"},
    {"tmpfs", "/run", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755,size=4m"},
    {"tmpfs", "/tmp", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755,size=4m"},
    {"securityfs", "/sys/kernel/security", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr},
};

}  // namespace

std::vector<std::string> mount_early() {
  std::vector<std::string> failures;
  ::umask(022);
  for (const Mount& mount : kMounts) {
    ::mkdir(mount.path, 0755);
    if (::mount(mount.type, mount.path, mount.type, mount.flags, mount.data) == 0) continue;
    const int reason = errno;
    // securityfs only helps to explain a refusal, and not every kernel has it.
    if (reason == EBUSY || std::strcmp(mount.type, "securityfs") == 0) continue;
    failures.push_back(std::string("mounting ") + mount.type + " at " + mount.path + ": " +
                       std::strerror(reason));
  }
  return failures;
}

bool raise_clock(long long floor) {
  timespec now{};
  if (::clock_gettime(CLOCK_REALTIME, &now) != 0 || now.tv_sec >= floor) return false;
  now.tv_sec = static_cast<time_t>(floor);
  now.tv_nsec = 0;
  return ::clock_settime(CLOCK_REALTIME, &now) == 0;
}

}  // namespace phase::boot
