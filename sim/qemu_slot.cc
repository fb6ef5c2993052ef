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
std::array<std::atomic<bool>, kLockedFiles.size()> g_held{};  // By this process.

Result<int> open_locked(const char* path) {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd >= 0) return fd;
  return Error{ErrorCode::kNotFound, std::string(path) + ": " + std::strerror(errno) +
                                         "; deploy/install-deps.sh installs QEMU"};
}

}  // namespace

Result<std::unique_ptr<QemuSlot>> QemuSlot::take() {
  for (std::size_t i = 0; i < kLockedFiles.size(); ++i) {
    auto fd = open_locked(kLockedFiles.at(i));
    if (!fd) return fd.error();
    if (::flock(*fd, LOCK_EX | LOCK_NB) == 0) return std::unique_ptr<QemuSlot>(new QemuSlot(*fd, i));
    ::close(*fd);
  }
  // Not for one of its own, which nobody would give back.
  std::size_t chosen = static_cast<std::size_t>(::getpid()) % kLockedFiles.size();
  if (g_held.at(chosen)) chosen = (chosen + 1) % kLockedFiles.size();
  if (g_held.at(chosen)) {
    return Error{ErrorCode::kUsage, "this process runs two QEMU machines already"};
  }
  auto fd = open_locked(kLockedFiles.at(chosen));
  if (!fd) return fd.error();
  std::fprintf(stderr, "two QEMU machines run on this computer; waiting for one to end\n");
  while (::flock(*fd, LOCK_EX) != 0) {
    if (errno == EINTR) continue;
    ::close(*fd);
    return Error{ErrorCode::kInternal, std::string("flock: ") + std::strerror(errno)};
  }
  return std::unique_ptr<QemuSlot>(new QemuSlot(*fd, chosen));
}

QemuSlot::QemuSlot(int fd, std::size_t number) : fd_(fd), number_(number) { g_held.at(number_) = true; }

QemuSlot::~QemuSlot() {
  g_held.at(number_) = false;
  ::close(fd_);
}

}  // namespace phase::sim
