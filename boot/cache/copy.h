// boot/cache/copy.h
// Copies bytes and hashes them on the way: one pass. For boot/cache/*.cc only.
#pragma once

#include <cstdint>
#include <functional>

#include "boot/cache/folder.h"
#include "proto/hash.h"
#include "proto/result.h"

namespace phase::boot::cachefs {

enum class CopyEnd : std::uint8_t {
  kDone,
  kFull,     ///< Nothing more can be written where it goes.
  kAltered,  ///< What was read has another size or hash, or cannot be read.
  kFailed,   ///< Any other error of writing; errno says which.
};

struct CopyJob {
  int from = -1;  ///< At its beginning.
  int to = -1;
  std::uint64_t size = 0;
  Sha256 sha256{};
  std::function<void(std::uint64_t)> wrote;  ///< Bytes so far; may be empty.
};

[[nodiscard]] CopyEnd copy_hashed(const CopyJob& job);
/// Reads and hashes only; kDone or kAltered.
[[nodiscard]] CopyEnd check_hash(int from, std::uint64_t size, const Sha256& sha256);

}  // namespace phase::boot::cachefs
