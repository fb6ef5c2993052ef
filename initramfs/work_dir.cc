#include "initramfs/work_dir.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

namespace phase::initramfs {
namespace {

namespace fs = std::filesystem;

Error store_error(const std::string& path, const std::string& what) {
  return {ErrorCode::kStore, path + ": " + what + ": " + std::generic_category().message(errno)};
}

Result<void> write_all(int fd, ByteView content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t put = ::write(fd, content.data(), content.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return store_error(path, "cannot be written");
    content = content.subspan(static_cast<std::size_t>(put));
  }
  return {};
}

}  // namespace

Result<WorkDir> WorkDir::create() {
  const char* parent = std::getenv("TMPDIR");
  std::string path = std::string(parent != nullptr && *parent == '/' ? parent : "/tmp") +
                     "/phase-mkinitramfs-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) {
    return store_error(path, "no folder for temporary files can be made (TMPDIR names another)");
  }
  return WorkDir(std::move(path));
}

WorkDir::WorkDir(WorkDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}

WorkDir& WorkDir::operator=(WorkDir&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

WorkDir::~WorkDir() {
  if (path_.empty()) return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

Result<void> write_new_file(const std::string& path, ByteView content) {
  std::error_code failed;
  fs::create_directories(fs::path(path).parent_path(), failed);
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (fd < 0) return store_error(path, "cannot be created");
  auto written = write_all(fd, content, path);
  if (::close(fd) != 0 && written) return store_error(path, "cannot be written");
  return written;
}

Result<void> replace_file(const std::string& path, ByteView content) {
  std::string next = path + ".XXXXXX";
  const int fd = ::mkostemp(next.data(), O_CLOEXEC);
  if (fd < 0) return store_error(path, "cannot be created");
  auto written = write_all(fd, content, path);
  const mode_t mask = ::umask(0);
  ::umask(mask);
  if (written && ::fchmod(fd, 0666 & ~mask) != 0)
    written = store_error(path, "cannot be made readable");
  if (written && ::fsync(fd) != 0) written = store_error(path, "cannot be written");
  if (::close(fd) != 0 && written) written = store_error(path, "cannot be written");
  if (written && ::rename(next.c_str(), path.c_str()) != 0) {
    written = store_error(path, "cannot be replaced");
  }
  if (!written) ::unlink(next.c_str());
  return written;
}

}  // namespace phase::initramfs
