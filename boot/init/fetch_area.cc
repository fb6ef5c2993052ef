#include "boot/init/fetch_area.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "boot/machine/child_rights.h"
#include "proto/fd.h"

namespace phase::boot {
namespace {

constexpr unsigned long kFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
// A release has a few dozen files; each costs kernel memory beyond the size limit.
constexpr int kMaxInodes = 1024;
constexpr int kMaxDepth = 8;

Error system_error(const std::string& what) {
  return {ErrorCode::kInternal, what + ": " + std::strerror(errno)};
}

Result<void> hand_to_root(int fd, mode_t mode, const std::string& name) {
  if (::fchown(fd, 0, 0) != 0 || ::fchmod(fd, mode) != 0) return system_error(name);
  return {};
}

Result<void> take_folder(int folder, const std::string& path, int depth);

Result<void> take_entry(int folder, const std::string& path, const char* name, int depth) {
  const std::string full = path + "/" + name;
  struct stat status {};
  if (::fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return system_error(full);
  const bool is_folder = S_ISDIR(status.st_mode);
  if (!is_folder && (!S_ISREG(status.st_mode) || status.st_nlink != 1)) {
    return {ErrorCode::kAltered, full + " is neither a folder nor a file with one name"};
  }
  Fd fd(::openat(folder, name,
                 O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (is_folder ? O_DIRECTORY : 0)));
  if (!fd.valid()) return system_error(full);
  if (!is_folder) return hand_to_root(fd.get(), 0444, full);
  if (depth == kMaxDepth) return {ErrorCode::kAltered, full + " lies too deep"};
  return take_folder(fd.release(), full, depth + 1);
}

// Takes `folder` over and closes it.
Result<void> take_folder(int folder, const std::string& path, int depth) {
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(folder), &::closedir);
  if (!entries) return system_error(path);
  if (auto done = hand_to_root(::dirfd(entries.get()), 0555, path); !done) return done;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (auto done = take_entry(::dirfd(entries.get()), path, entry->d_name, depth); !done) {
      return done;
    }
  }
  return {};
}

Result<void> make_read_only(const std::string& path, MonoTime deadline, const Clock& clock) {
  // The kernel tells nobody when the last writer has gone (a killed process can be held in a
  // system call for a moment), so it is asked again with growing pauses until the deadline.
  int pause_ms = 1;
  while (::mount("tmpfs", path.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY | kFlags, nullptr) != 0) {
    if (errno != EBUSY) return system_error("remounting " + path + " read-only");
    if (clock.now() >= deadline) {
      return {ErrorCode::kTimeout, path + " cannot be made read-only: a process that fetched can "
                                          "still write there, so nothing is loaded from it"};
    }
    ::poll(nullptr, 0, pause_ms);
    pause_ms = std::min(pause_ms * 2, 100);
  }
  return {};
}

}  // namespace

Result<FetchArea> FetchArea::mount(const std::string& path, std::uint64_t room, uid_t owner) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return system_error(path);
  const std::string number = std::to_string(owner);
  const std::string data = "size=" + std::to_string(room) +
                           ",nr_inodes=" + std::to_string(kMaxInodes) + ",mode=0700,uid=" + number +
                           ",gid=" + number;
  if (::mount("tmpfs", path.c_str(), "tmpfs", kFlags, data.c_str()) != 0) {
    return system_error("mounting a tmpfs at " + path);
  }
  return FetchArea(path);
}

FetchArea::FetchArea(FetchArea&& other) noexcept : path_(std::exchange(other.path_, {})) {}

FetchArea::~FetchArea() {
  if (!path_.empty()) ::umount2(path_.c_str(), MNT_DETACH);
}

Result<void> FetchArea::freeze(MonoTime deadline, const Clock& clock) {
  const int folder = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return system_error(path_);
  if (auto taken = take_folder(folder, path_, 0); !taken) return taken;
  return make_read_only(path_, deadline, clock);
}

Result<void> FetchArea::thaw() {
  if (::mount("tmpfs", path_.c_str(), "tmpfs", MS_REMOUNT | kFlags, nullptr) != 0) {
    return system_error("remounting " + path_ + " writable");
  }
  return {};
}

Result<void> FetchArea::freeze_again(MonoTime deadline, const Clock& clock) {
  return make_read_only(path_, deadline, clock);
}

Result<void> end_processes_of(uid_t uid) {
  check(uid != 0, "processes of root are never ended like this");
  auto child = fork_child(
      [] {
        // To everybody that this number may signal, itself left out (kill(2)); ESRCH: nobody.
        return ::kill(-1, SIGKILL) == 0 || errno == ESRCH ? 0 : 1;
      },
      ender_rights(uid));
  if (!child) return child.error();
  const auto status = wait_until(*child, system_clock().now() + std::chrono::seconds(10));
  if (!status || *status != 0) {
    kill_and_reap(*child);
    return {ErrorCode::kInternal,
            "processes of user " + std::to_string(uid) + " could not be ended"};
  }
  return {};
}

}  // namespace phase::boot
