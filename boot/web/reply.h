// boot/web/reply.h
// Judges what a web server says before the bytes of a file's part (RFC 9110 and 9112): anything but
// exactly what was asked for, or the whole file, is refused. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "proto/result.h"

namespace phase::boot {

/// Bytes [begin, end) of a file of `size` bytes; begin < end <= size.
struct PartQuestion {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t size = 0;
};

/// Of an answer, as an HTTP parser found it. Untrusted.
struct ReplyHead {
  unsigned status = 0;
  std::optional<std::uint64_t> content_length;
  bool transfer_encoding = false;  ///< There is such a header, whatever it says.
  std::string content_encoding;
  std::string content_range;
};

/// Which bytes of the file the body holds.
struct ReplyBody {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// kNetwork where asking again later may help (5xx, 408, 429), kProvider where it would not.
[[nodiscard]] Result<ReplyBody> judge_reply(const PartQuestion& question,
                                            const ReplyHead& untrusted);

}  // namespace phase::boot
