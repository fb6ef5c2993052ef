// boot/cache/folder.h
// An open folder of a cache, by descriptor. For boot/cache/*.cc only. Names are single parts of a
// path; no symbolic link is ever followed and nothing but regular files is opened, since whoever
// wrote the disk may have put anything there.
// Errors: kNotFound (not there), kAltered (there, and no regular file), kStore (the rest).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "proto/bytes.h"
#include "proto/fd.h"
#include "proto/result.h"

namespace phase::boot::cachefs {

/// More names than these are not read from one folder; a full cache has a quarter of them.
inline constexpr std::size_t kMaxNames = 65'536;

struct FileInfo {
  bool regular = false;
  bool folder = false;
  std::uint64_t size = 0;     ///< Bytes.
  std::int64_t changed = 0;   ///< mtime, seconds since 1970.
};

struct OpenFile {
  Fd fd;
  std::uint64_t size = 0;
};

class Folder {
 public:
  Folder() = default;  ///< One that is not there: holds nothing, takes nothing.
  /// Links in `path` are followed: it is the operator's word.
  static Result<Folder> open(const std::string& path);
  [[nodiscard]] Result<Folder> enter(const std::string& name) const;
  /// enter(), after making it where it is missing.
  [[nodiscard]] Result<Folder> make(const std::string& name) const;

  [[nodiscard]] bool valid() const { return fd_.valid(); }
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const std::string& path() const { return path_; }  ///< For messages.

  /// Sorted, without "." and "..", at most kMaxNames.
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] Result<FileInfo> info(const std::string& name) const;
  [[nodiscard]] Result<OpenFile> open_file(const std::string& name) const;
  /// All of it; kMalformed where it is larger than `cap` bytes, found before it is read.
  [[nodiscard]] Result<Bytes> read(const std::string& name, std::size_t cap) const;

  /// A new file; what has the name is removed before.
  [[nodiscard]] Result<Fd> create(const std::string& name) const;
  /// A new file with `content`, on the disk when this returns.
  [[nodiscard]] Result<void> write(const std::string& name, ByteView content) const;
  /// Replaces a file; a folder only where it is empty.
  [[nodiscard]] Result<void> rename(const std::string& name, const Folder& to,
                                    const std::string& new_name) const;
  /// Makes the names in it durable.
  [[nodiscard]] Result<void> sync() const;
  /// A file, or a folder with all in it (a few levels). Absent is fine; best effort.
  void remove(const std::string& name) const;
  /// Makes it `owner`'s; what it leads to, where it is a link, stays.
  [[nodiscard]] Result<void> give(const std::string& name, uid_t owner) const;
  void set_changed(const std::string& name, std::int64_t seconds) const;

 private:
  Folder(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  [[nodiscard]] Error failure(const std::string& what, const std::string& name, int number) const;
  void remove(const std::string& name, unsigned levels) const;

  Fd fd_;
  std::string path_;
};

/// All of `content`; errno says why not.
[[nodiscard]] bool write_all(int fd, ByteView content);
/// What was written is on the disk; errno says why not.
[[nodiscard]] bool sync_file(int fd);
/// What a write says where a file system or a quota is full.
[[nodiscard]] bool is_full(int number);

}  // namespace phase::boot::cachefs
