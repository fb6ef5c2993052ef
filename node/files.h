// node/files.h
// The file system as the store sees it: a port, so that a test can stop it at any writing call
// and lose what was not synced. It decides nothing; what order makes a write safe is the store's.
//
// Threads: real_files() may be used from any. Errors: kStore with path and reason, kNotFound for
// what does not exist. Paths are ours or an operator's, never a stranger's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "proto/bytes.h"
#include "proto/hash.h"
#include "proto/result.h"

namespace phase::node {

struct FileInfo {
  bool folder = false;
  std::uint64_t size = 0;  ///< Bytes; files only.
};

/// Held until it is destroyed.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

class Files {
 public:
  virtual ~Files() = default;

  // Writing. Nothing is durable before the matching sync.
  /// One level; an existing folder is no error.
  virtual Result<void> make_folder(const std::string& path) = 0;
  /// Creates or replaces the content of `path`, mode 0644.
  virtual Result<void> write_file(const std::string& path, ByteView content) = 0;
  /// A copy with bytes of its own, mode 0644; `from` is a regular file, `to` must not exist.
  virtual Result<void> copy_file(const std::string& from, const std::string& to) = 0;
  /// A second name for the same file; only for files that are never changed in place.
  virtual Result<void> link_file(const std::string& from, const std::string& to) = 0;
  /// A symbolic link `at` to the folder `target`, which stays whose it is; kExists where something
  /// is at `at`.
  virtual Result<void> link_folder(const std::string& target, const std::string& at) = 0;
  virtual Result<void> sync_file(const std::string& path) = 0;
  /// Makes the names in `path` durable: entries created, renamed, removed.
  virtual Result<void> sync_folder(const std::string& path) = 0;
  /// Atomic; replaces a file, refuses a folder that is not empty.
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  /// A file or a folder with all in it (no symbolic link is followed); absent is no error.
  virtual Result<void> remove_tree(const std::string& path) = 0;

  // Reading.
  /// kStore where this process may not create files in `folder`.
  [[nodiscard]] virtual Result<void> writable(const std::string& folder) const = 0;
  [[nodiscard]] virtual Result<FileInfo> info(const std::string& path) const = 0;
  /// kMalformed for a file of more than `limit` bytes.
  [[nodiscard]] virtual Result<Bytes> read_file(const std::string& path,
                                                std::size_t limit) const = 0;
  [[nodiscard]] virtual Result<FileDigest> digest(const std::string& path) const = 0;
  /// Names (no path), sorted, without "." and ".."; at most 100,000.
  [[nodiscard]] virtual Result<std::vector<std::string>> list(const std::string& folder) const = 0;

  /// flock() on `path`, which is created. Where another holds it: waits, or kStore at once.
  virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path, bool wait) = 0;
};

/// The operating system's.
[[nodiscard]] Files& real_files();

/// Every missing folder of `path`, each synced into its parent.
[[nodiscard]] Result<void> make_folders(Files& files, const std::string& path);
/// Write beside `path`, sync, rename over it, sync the folder: `path` holds the old content or
/// the new at any moment.
[[nodiscard]] Result<void> replace_file(Files& files, const std::string& path, ByteView content);

}  // namespace phase::node
