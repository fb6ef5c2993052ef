// boot/init/small_file.h
// Whole small files and pipes, with a cap. Adapter over read and write; nothing is decided here.
#pragma once

#include <optional>
#include <string>

#include "proto/bytes.h"

namespace phase::boot {

/// None where it cannot be read or is larger than `cap` bytes.
[[nodiscard]] std::optional<std::string> read_small_file(const std::string& path, std::size_t cap);
/// Until its end; none on an error or beyond `cap`.
[[nodiscard]] std::optional<Bytes> read_descriptor(int fd, std::size_t cap);
/// All of it, waiting as long as it takes.
[[nodiscard]] bool write_descriptor(int fd, ByteView bytes);
/// Creates or replaces `path`.
[[nodiscard]] bool write_small_file(const std::string& path, std::string_view text,
                                    unsigned mode = 0644);

}  // namespace phase::boot
