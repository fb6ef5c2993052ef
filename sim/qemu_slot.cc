#include "sim/qemu_slot.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace phase::sim {
namespace {

constexpr std::array<const char*, 2> kLockedFiles = {"/usr/bin/qemu-system-x86_64",
                                                     "/usr/share/qemu"};
std::atomic<int> g_held{0};  // By this process.

Result<int> open_locked(const char* path) {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd >= 0) return fd;
  return Error{ErrorCode::kNotFound, std::string(path) + ": " + std::strerror(errno) +
                                         "; deploy/install-deps.sh installs QEMU"};
}

}  // namespace

Result<std::unique_ptr<QemuSlot>> QemuSlot::take() {
  if (g_held >= static_cast<int>(kLockedFiles.size())) {
    return Error{ErrorCode::kUsage, "this process runs two QEMU machines already"};
  }
  for (const char* path : kLockedFiles) {
    auto fd = open_locked(path);
    if (!fd) return fd.error();
    if (::flock(*fd, LOCK_EX | LOCK_NB) == 0) {
      ++g_held;
      return std::unique_ptr<QemuSlot>(new QemuSlot(*fd));
    }
    ::close(*fd);
  }
  const auto mine = static_cast<std::size_t>(::getpid()) % kLockedFiles.size();
  auto fd = open_locked(kLockedFiles.at(g_held == 0 ? mine : 1));
  if (!fd) return fd.error();
  std::fprintf(stderr, "two QEMU machines run on this computer; waiting for one to end\n");
  while (::flock(*fd, LOCK_EX) != 0) {
    if (errno == EINTR) continue;
    ::close(*fd);
    return Error{ErrorCode::kInternal, std::string("flock: ") + std::strerror(errno)};
  }
  ++g_held;
  return std::unique_ptr<QemuSlot>(new QemuSlot(*fd));
}

QemuSlot::~QemuSlot() {
  ::close(fd_);
  --g_held;
}

}  // namespace phase::sim
