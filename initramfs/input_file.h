// initramfs/input_file.h
// Reading the files that an initramfs is made of, each under a size limit.
#pragma once

#include <cstdint>
#include <string>

#include "proto/bytes.h"
#include "proto/result.h"

namespace phase::initramfs {

struct InputFile {
  Bytes content;
  std::int64_t mtime = 0;   ///< Seconds since 1970.
  bool executable = false;  ///< By its owner.
};

/// A whole regular file (symbolic links are followed). kNotFound, or kStore where it cannot be
/// read, is no regular file or is larger than `limit` bytes.
[[nodiscard]] Result<InputFile> read_input(const std::string& path, std::uint64_t limit);

}  // namespace phase::initramfs
