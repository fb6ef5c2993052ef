// initramfs/work_dir.h
// A folder of its own for what must lie in files for a while; gone with the object.
#pragma once

#include <string>

#include "proto/bytes.h"
#include "proto/result.h"

namespace phase::initramfs {

class WorkDir {
 public:
  /// In $TMPDIR, else /tmp; readable by its owner only.
  [[nodiscard]] static Result<WorkDir> create();
  WorkDir(WorkDir&& other) noexcept;
  WorkDir& operator=(WorkDir&& other) noexcept;
  WorkDir(const WorkDir&) = delete;
  WorkDir& operator=(const WorkDir&) = delete;
  ~WorkDir();

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit WorkDir(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

/// Writes a new file and the folders above it.
[[nodiscard]] Result<void> write_new_file(const std::string& path, ByteView content);
/// Writes beside `path`, fsyncs and renames: `path` is the old file or the whole new one.
[[nodiscard]] Result<void> replace_file(const std::string& path, ByteView content);

}  // namespace phase::initramfs
