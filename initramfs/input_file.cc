#include "initramfs/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace phase::initramfs {
namespace {

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

std::string errno_text() {
  return std::generic_category().message(errno);
}

}  // namespace

Result<InputFile> read_input(const std::string& path, std::uint64_t limit) {
  // O_NONBLOCK: a FIFO in place of a file must not hang the program.
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.fd < 0) {
    const auto code =
        errno == ENOENT || errno == ENOTDIR ? ErrorCode::kNotFound : ErrorCode::kStore;
    return {code, path + ": cannot be opened: " + errno_text()};
  }
  struct stat status {};
  if (::fstat(file.fd, &status) != 0) return {ErrorCode::kStore, path + ": " + errno_text()};
  if (!S_ISREG(status.st_mode)) {
    return {ErrorCode::kStore, path + ": is no regular file; name a file"};
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > limit) {
    return {ErrorCode::kStore, path + ": " + std::to_string(size) + " bytes, at most " +
                                   std::to_string(limit) + " were expected"};
  }
  InputFile out;
  out.mtime = status.st_mtime;
  out.executable = (status.st_mode & S_IXUSR) != 0;
  out.content.resize(size);
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = ::read(file.fd, out.content.data() + have, size - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return {ErrorCode::kStore, path + ": cannot be read: " + errno_text()};
    if (got == 0) return {ErrorCode::kStore, path + ": became shorter while it was read"};
    have += static_cast<std::size_t>(got);
  }
  return out;
}

}  // namespace phase::initramfs
