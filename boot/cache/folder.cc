#include "boot/cache/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>

namespace phase::boot::cachefs {
namespace {

constexpr unsigned kMaxLevels = 8;

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

int open_again(int folder, const char* name, int flags, mode_t mode = 0) {
  int fd = -1;
  do {
    fd = ::openat(folder, name, flags | O_CLOEXEC | O_NOFOLLOW, mode);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

}  // namespace

bool sync_file(int fd) {
  int done = -1;
  do {
    done = ::fsync(fd);
  } while (done != 0 && errno == EINTR);
  return done == 0;
}

bool is_full(int number) { return number == ENOSPC || number == EDQUOT; }

bool write_all(int fd, ByteView content) {
  while (!content.empty()) {
    const auto wrote = ::write(fd, content.data(), content.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return false;
    content = content.subspan(static_cast<std::size_t>(wrote));
  }
  return true;
}

Error Folder::failure(const std::string& what, const std::string& name, int number) const {
  const auto code = number == ENOENT || number == ENOTDIR ? ErrorCode::kNotFound
                    : number == ELOOP                     ? ErrorCode::kAltered
                                                          : ErrorCode::kStore;
  const std::string path = name.empty() ? path_ : path_ + "/" + name;
  std::string why = number == ELOOP ? "is a symbolic link" : std::strerror(number);
  return {code, "cannot " + what + " " + path + ": " + why};
}

Result<Folder> Folder::open(const std::string& path) {
  Folder folder(Fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), path);
  if (!folder.valid()) return folder.failure("open folder", "", errno);
  return folder;
}

Result<Folder> Folder::enter(const std::string& name) const {
  Folder inner(Fd(open_again(fd(), name.c_str(), O_RDONLY | O_DIRECTORY)), path_ + "/" + name);
  if (inner.valid()) return inner;
  const int number = errno;
  // O_DIRECTORY speaks before O_NOFOLLOW: a link or a file is there, and is no folder.
  if (number == ENOTDIR || number == ELOOP) {
    return Error{ErrorCode::kAltered, inner.path_ + " is no folder"};
  }
  return failure("open folder", name, number);
}

Result<Folder> Folder::make(const std::string& name) const {
  const bool made = ::mkdirat(fd(), name.c_str(), 0755) == 0;
  if (!made && errno != EEXIST) return failure("make folder", name, errno);
  auto inner = enter(name);
  if (made && inner) (void)::fchmod(inner->fd(), 0755);
  return inner;
}

std::vector<std::string> Folder::names() const {
  std::vector<std::string> out;
  if (!valid()) return out;
  Fd own(open_again(fd(), ".", O_RDONLY | O_DIRECTORY));
  if (!own.valid()) return out;
  const std::unique_ptr<DIR, CloseDir> dir(::fdopendir(own.get()));
  if (!dir) return out;
  (void)own.release();  // closedir() closes it
  while (out.size() < kMaxNames) {
    const dirent* entry = ::readdir(dir.get());
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name != "." && name != "..") out.push_back(name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

Result<FileInfo> Folder::info(const std::string& name) const {
  struct stat found {};
  if (!valid()) return failure("find", name, ENOENT);
  if (::fstatat(fd(), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
    return failure("find", name, errno);
  }
  FileInfo info;
  info.regular = S_ISREG(found.st_mode);
  info.folder = S_ISDIR(found.st_mode);
  info.size = found.st_size < 0 ? 0 : static_cast<std::uint64_t>(found.st_size);
  info.changed = found.st_mtim.tv_sec;
  return info;
}

Result<OpenFile> Folder::open_file(const std::string& name) const {
  // Asked before it is opened, since opening a device may already do something.
  const auto before = info(name);
  if (!before) return before.error();
  if (!before->regular) {
    return Error{ErrorCode::kAltered, path_ + "/" + name + " is no regular file"};
  }
  OpenFile file;
  file.fd = Fd(open_again(fd(), name.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY));
  if (!file.fd.valid()) return failure("open", name, errno);
  struct stat found {};
  if (::fstat(file.fd.get(), &found) != 0) return failure("open", name, errno);
  if (!S_ISREG(found.st_mode) || found.st_size < 0) {
    return Error{ErrorCode::kAltered, path_ + "/" + name + " is no regular file"};
  }
  file.size = static_cast<std::uint64_t>(found.st_size);
  return file;
}

Result<Bytes> Folder::read(const std::string& name, std::size_t cap) const {
  const auto file = open_file(name);
  if (!file) return file.error();
  if (file->size > cap) {
    return Error{ErrorCode::kMalformed,
                 path_ + "/" + name + " is larger than " + std::to_string(cap) + " bytes"};
  }
  Bytes content(static_cast<std::size_t>(file->size));
  std::size_t have = 0;
  while (have < content.size()) {
    const auto got = ::read(file->fd.get(), content.data() + have, content.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failure("read", name, errno);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  content.resize(have);
  return content;
}

Result<Fd> Folder::create(const std::string& name) const {
  if (!valid()) return failure("create", name, ENOENT);
  remove(name);
  Fd file(open_again(fd(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0644));
  if (!file.valid()) return failure("create", name, errno);
  // Another user may be the next reader, whatever the umask; vfat has no modes and refuses.
  (void)::fchmod(file.get(), 0644);
  return file;
}

Result<void> Folder::write(const std::string& name, ByteView content) const {
  const auto file = create(name);
  if (!file) return file.error();
  if (!write_all(file->get(), content) || !sync_file(file->get())) {
    return failure("write", name, errno);
  }
  return {};
}

Result<void> Folder::rename(const std::string& name, const Folder& to,
                            const std::string& new_name) const {
  if (::renameat(fd(), name.c_str(), to.fd(), new_name.c_str()) == 0) return {};
  return to.failure("put into place", new_name, errno);
}

Result<void> Folder::sync() const {
  // A file system that cannot sync folders says EINVAL; there is nothing better to do there.
  if (sync_file(fd()) || errno == EINVAL) return {};
  return failure("write", "", errno);
}

void Folder::remove(const std::string& name) const { remove(name, kMaxLevels); }

void Folder::remove(const std::string& name, unsigned levels) const {
  if (::unlinkat(fd(), name.c_str(), 0) == 0 || errno == ENOENT || levels == 0) return;
  if (const auto inner = enter(name)) {
    for (const std::string& one : inner->names()) inner->remove(one, levels - 1);
    (void)::unlinkat(fd(), name.c_str(), AT_REMOVEDIR);
  }
}

Result<void> Folder::give(const std::string& name, uid_t owner) const {
  struct stat found {};
  if (::fstatat(fd(), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0) {
    if (found.st_uid == owner && found.st_gid == owner) return {};
    if (::fchownat(fd(), name.c_str(), owner, owner, AT_SYMLINK_NOFOLLOW) == 0) return {};
  }
  return failure("change the owner of", name, errno);
}

void Folder::set_changed(const std::string& name, std::int64_t seconds) const {
  timespec times[2]{};
  times[0].tv_nsec = UTIME_OMIT;
  times[1].tv_sec = seconds;
  (void)::utimensat(fd(), name.c_str(), times, AT_SYMLINK_NOFOLLOW);
}

}  // namespace phase::boot::cachefs
