#include "node/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace phase::node {
namespace {

constexpr std::size_t kMaxListed = 100'000;

Error os_error(const std::string& what, const std::string& path, int number) {
  const auto code = number == ENOENT || number == ENOTDIR ? ErrorCode::kNotFound : ErrorCode::kStore;
  std::string detail = "cannot " + what + " " + path + ": " + std::system_category().message(number);
  if (number == EACCES || number == EPERM)
    detail += "; run as the user who owns it, or give another folder with --artifacts";
  if (number == ENOSPC || number == EDQUOT) detail += "; free some room on that file system";
  if (number == EROFS) detail += "; give a folder on a writable file system with --artifacts";
  return {code, std::move(detail)};
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

int open_again(const char* path, int flags, mode_t mode = 0) {
  int fd = -1;
  do {
    fd = ::open(path, flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

bool write_all(int fd, ByteView content) {
  while (!content.empty()) {
    const auto wrote = ::write(fd, content.data(), content.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return false;
    content = content.subspan(static_cast<std::size_t>(wrote));
  }
  return true;
}

/// In the kernel where it can (copy_file_range shares blocks on some file systems), by hand else.
bool copy_all(int from, int to) {
  constexpr std::size_t kStep = 64UL << 20;
  for (bool first = true;; first = false) {
    const auto moved = ::copy_file_range(from, nullptr, to, nullptr, kStep, 0);
    if (moved == 0) return true;
    if (moved > 0) continue;
    if (errno == EINTR) continue;
    if (!first || (errno != EXDEV && errno != EINVAL && errno != EOPNOTSUPP && errno != ENOSYS))
      return false;
    break;
  }
  Bytes block(256 * 1024);
  for (;;) {
    const auto got = ::read(from, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) return true;
    if (!write_all(to, ByteView(block).first(static_cast<std::size_t>(got)))) return false;
  }
}

class Flock final : public FileLock {
 public:
  explicit Flock(int fd) : held_(fd) {}

 private:
  Descriptor held_;  // closing it lets go
};

class RealFiles final : public Files {
 public:
  Result<void> make_folder(const std::string& path) override {
    if (::mkdir(path.c_str(), 0755) == 0) return {};
    const int number = errno;
    struct stat what {};
    if (number == EEXIST && ::stat(path.c_str(), &what) == 0 && S_ISDIR(what.st_mode)) return {};
    return os_error("create folder", path, number);
  }

  Result<void> write_file(const std::string& path, ByteView content) override {
    const Descriptor fd(open_again(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0644));
    if (fd.get() < 0 || !write_all(fd.get(), content)) return os_error("write", path, errno);
    return {};
  }

  Result<void> copy_file(const std::string& from, const std::string& to) override {
    const Descriptor in(open_again(from.c_str(), O_RDONLY | O_NONBLOCK));
    if (in.get() < 0) return os_error("read", from, errno);
    struct stat what {};
    if (::fstat(in.get(), &what) != 0) return os_error("read", from, errno);
    if (!S_ISREG(what.st_mode))
      return {ErrorCode::kUsage, from + " is no regular file; give the path of a file"};
    const Descriptor out(open_again(to.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0644));
    if (out.get() < 0) return os_error("create", to, errno);
    if (!copy_all(in.get(), out.get())) return os_error("copy " + from + " to", to, errno);
    return {};
  }

  Result<void> link_file(const std::string& from, const std::string& to) override {
    if (::link(from.c_str(), to.c_str()) == 0) return {};
    if (errno == EPERM || errno == EMLINK || errno == EXDEV || errno == EOPNOTSUPP)
      return copy_file(from, to);  // a file system without hard links
    return os_error("link " + from + " to", to, errno);
  }

  Result<void> link_folder(const std::string& target, const std::string& at) override {
    if (::symlink(target.c_str(), at.c_str()) == 0) return {};
    if (errno == EEXIST) return {ErrorCode::kExists, at + " is there already"};
    return os_error("link " + target + " to", at, errno);
  }

  Result<void> sync_file(const std::string& path) override {
    const Descriptor fd(open_again(path.c_str(), O_RDONLY | O_NOFOLLOW));
    if (fd.get() < 0 || ::fsync(fd.get()) != 0) return os_error("sync", path, errno);
    return {};
  }

  Result<void> sync_folder(const std::string& path) override {
    const Descriptor fd(open_again(path.c_str(), O_RDONLY | O_DIRECTORY));
    if (fd.get() < 0) return os_error("sync", path, errno);
    // Some file systems cannot sync folders and say EINVAL; there is nothing better to do there.
    if (::fsync(fd.get()) != 0 && errno != EINVAL) return os_error("sync", path, errno);
    return {};
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) == 0) return {};
    const int number = errno;
    auto error = os_error("rename " + from + " to", to, number);
    if (number == EXDEV) error.detail += "; both must be on one file system";
    return error;
  }

  Result<void> remove_tree(const std::string& path) override {
    std::error_code error;
    std::filesystem::remove_all(path, error);
    if (error) return os_error("remove", path, error.value());
    return {};
  }

  Result<void> writable(const std::string& folder) const override {
    if (::access(folder.c_str(), W_OK | X_OK) == 0) return {};
    return os_error("write to", folder, errno);
  }

  Result<FileInfo> info(const std::string& path) const override {
    struct stat what {};
    if (::lstat(path.c_str(), &what) != 0) return os_error("find", path, errno);
    if (S_ISDIR(what.st_mode)) return FileInfo{.folder = true, .size = 0};
    if (!S_ISREG(what.st_mode))
      return {ErrorCode::kMalformed, path + " is neither a regular file nor a folder"};
    return FileInfo{.folder = false, .size = static_cast<std::uint64_t>(what.st_size)};
  }

  Result<Bytes> read_file(const std::string& path, std::size_t limit) const override {
    const Descriptor fd(open_again(path.c_str(), O_RDONLY | O_NONBLOCK));
    if (fd.get() < 0) return os_error("read", path, errno);
    Bytes content;
    std::array<std::uint8_t, 64 * 1024> block;
    for (;;) {
      const auto got = ::read(fd.get(), block.data(), block.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return os_error("read", path, errno);
      if (got == 0) return content;
      content.insert(content.end(), block.data(), block.data() + got);
      if (content.size() > limit)
        return {ErrorCode::kMalformed, path + " is larger than " + std::to_string(limit) + " bytes"};
    }
  }

  Result<FileDigest> digest(const std::string& path) const override { return digest_file(path); }

  Result<std::vector<std::string>> list(const std::string& folder) const override {
    std::error_code error;
    std::vector<std::string> names;
    std::filesystem::directory_iterator at(folder, error);
    for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
      names.push_back(at->path().filename().string());
      if (names.size() > kMaxListed)
        return {ErrorCode::kStore, folder + " holds more than 100,000 entries"};
    }
    if (error) return os_error("list", folder, error.value());
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<std::unique_ptr<FileLock>> lock(const std::string& path, bool wait) override {
    Descriptor fd(open_again(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW, 0644));
    if (fd.get() < 0) return os_error("lock", path, errno);
    int failed = -1;
    do {
      failed = ::flock(fd.get(), wait ? LOCK_EX : LOCK_EX | LOCK_NB);
    } while (failed != 0 && errno == EINTR);
    if (failed != 0 && errno == EWOULDBLOCK)
      return {ErrorCode::kStore, path + ": another plasmd is writing to this store; try again"};
    if (failed != 0) return os_error("lock", path, errno);
    return std::unique_ptr<FileLock>(std::make_unique<Flock>(fd.release()));
  }
};

std::string parent_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Files& real_files() {
  static RealFiles files;
  return files;
}

Result<void> make_folders(Files& files, const std::string& path) {
  if (const auto there = files.info(path); there && there->folder) return {};
  // A link to a folder is a folder to make_folder(), so only what is absent needs its parent.
  const auto parent = parent_of(path);
  if (parent != path && parent != "." && parent != "/") {
    if (auto made = make_folders(files, parent); !made) return made;
  }
  if (auto made = files.make_folder(path); !made) return made;
  return files.sync_folder(parent);
}

Result<void> replace_file(Files& files, const std::string& path, ByteView content) {
  const auto beside = path + ".new";
  if (auto done = files.write_file(beside, content); !done) return done;
  if (auto done = files.sync_file(beside); !done) return done;
  if (auto done = files.rename(beside, path); !done) return done;
  return files.sync_folder(parent_of(path));
}

}  // namespace phase::node
