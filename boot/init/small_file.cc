#include "boot/init/small_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "proto/fd.h"

namespace phase::boot {

std::optional<Bytes> read_descriptor(int fd, std::size_t cap) {
  Bytes content(cap + 1);
  std::size_t size = 0;
  while (size < content.size()) {
    const ssize_t got = ::read(fd, content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > cap) return std::nullopt;
  content.resize(size);
  return content;
}

std::optional<std::string> read_small_file(const std::string& path, std::size_t cap) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return std::nullopt;
  const auto content = read_descriptor(fd.get(), cap);
  if (!content) return std::nullopt;
  return std::string(as_text(*content));
}

bool write_descriptor(int fd, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(wrote));
  }
  return true;
}

bool write_small_file(const std::string& path, std::string_view text, unsigned mode) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
  return fd.valid() && write_descriptor(fd.get(), as_bytes(text));
}

}  // namespace phase::boot
