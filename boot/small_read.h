// boot/small_read.h
// Reads a small file whole.
#pragma once

#include <optional>
#include <string>

#include "proto/bytes.h"

namespace phase::boot {

/// None where it cannot be read or has more than `cap` bytes.
[[nodiscard]] std::optional<Bytes> read_bytes(const std::string& path, std::size_t cap);

}  // namespace phase::boot
