// proto/secret_file.h
// Files that hold secrets: read into locked memory, written for their owner only. The one place of
// proto/ that writes files. Paths are an operator's; contents are untrusted until they are parsed.
#pragma once

#include <string>
#include <string_view>

#include "proto/result.h"
#include "proto/secret_bytes.h"

namespace phase {

struct SecretFile {
  SecretBytes bytes;
  bool owner_only = false;  ///< Nobody else may read or write it (mode & 077 is 0).
};

/// A regular file. kNotFound, kStore; kConfig where it is no regular file; kMalformed for more than
/// `limit` bytes.
[[nodiscard]] Result<SecretFile> read_secret_file(const std::string& path, std::size_t limit);
/// `fd` (a pipe, a terminal) up to its end. `name` is what errors call it.
[[nodiscard]] Result<SecretBytes> read_secret(int fd, const std::string& name, std::size_t limit);
/// Writes `path` with mode 0600 and O_EXCL, fsyncs file and directory; leaves no half of it.
[[nodiscard]] Result<void> write_secret_file(const std::string& path, std::string_view content);

}  // namespace phase
