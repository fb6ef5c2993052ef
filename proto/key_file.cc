// load_secret_key() and save_secret_key() of keys.h: the one place of proto/ that writes files.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "proto/keys.h"
#include "proto/sodium_ready.h"

namespace phase {
namespace {

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

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

Result<SecretKey> load_secret_key(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (file.get() < 0) return failed(path, "secret key cannot be opened");
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return failed(path, "secret key cannot be read");
  if (!S_ISREG(status.st_mode)) return {ErrorCode::kConfig, path + ": is no regular file"};
  if ((status.st_mode & 077) != 0) {
    return {ErrorCode::kConfig,
            path +
                ": others than its owner can read or write this secret key; chmod 600 it, and "
                "make a new one if it may have been read"};
  }
  std::array<char, 256> text;  // a key file has 85 bytes
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(path, "secret key cannot be read");
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  Result<SecretKey> key = SecretKey::parse({text.data(), size});
  sodium_memzero(text.data(), text.size());
  if (!key) return key.error().in(path);
  return key;
}

Result<void> save_secret_key(const std::string& path, const SecretKey& key) {
  const Fd folder(::open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) return failed(path, "its folder cannot be opened");
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() < 0) return failed(path, "secret key cannot be written");
  std::string text = key.serialize();
  const bool written = write_all(file.get(), text) && ::fsync(file.get()) == 0;
  sodium_memzero(text.data(), text.size());
  if (!written) {
    Error error = failed(path, "secret key cannot be written");
    ::unlink(path.c_str());  // half a key would stand in the way of the next try
    return error;
  }
  if (::fsync(folder.get()) != 0) return failed(path, "its folder cannot be written");
  return {};
}

}  // namespace phase
