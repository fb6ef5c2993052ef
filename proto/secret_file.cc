#include "proto/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "proto/fd.h"

namespace phase {
namespace {

Error failed(const std::string& path, const char* what) {
  const ErrorCode code = errno == ENOENT   ? ErrorCode::kNotFound
                         : errno == EEXIST ? ErrorCode::kExists
                                           : ErrorCode::kStore;
  return {code, path + ": " + what + ": " + std::strerror(errno)};
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Result<SecretBytes> read_secret(int fd, const std::string& name, std::size_t limit) {
  SecretBytes bytes(limit + 1);
  std::size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t got = ::read(fd, bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(name, "cannot be read");
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > limit) {
    return {ErrorCode::kMalformed,
            name + ": is longer than " + std::to_string(limit) + " bytes, so it is something else"};
  }
  bytes.shrink(size);
  return bytes;
}

Result<SecretFile> read_secret_file(const std::string& path, std::size_t limit) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file.valid()) return failed(path, "cannot be opened");
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return failed(path, "cannot be read");
  if (!S_ISREG(status.st_mode)) return {ErrorCode::kConfig, path + ": is no regular file"};
  auto bytes = read_secret(file.get(), path, limit);
  if (!bytes) return bytes.error();
  return SecretFile{std::move(*bytes), (status.st_mode & 077) == 0};
}

Result<void> write_secret_file(const std::string& path, std::string_view content) {
  const Fd folder(::open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) return failed(path, "its folder cannot be opened");
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) return failed(path, "secret key cannot be written");
  if (!write_all(file.get(), content) || ::fsync(file.get()) != 0) {
    Error error = failed(path, "secret key cannot be written");
    ::unlink(path.c_str());  // half a key would stand in the way of the next try
    return error;
  }
  if (::fsync(folder.get()) != 0) return failed(path, "its folder cannot be written");
  return {};
}

}  // namespace phase
