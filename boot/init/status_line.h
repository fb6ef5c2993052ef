// boot/init/status_line.h
// What the network child tells PID 1, one line each on its standard output. PID 1 believes none
// of it: `done` only names a folder that the verifier then looks at.
//   progress <text>   say <text>   done <folder name>   failed <code> <text>
//   refusal <text>: for the report only; what people should read comes as `say` too
// Any other line (a library's last words) is text to be shown.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/result.h"

namespace phase::boot {

struct StatusLine {
  enum class Kind : std::uint8_t { kProgress, kSay, kRefusal, kDone, kFailed };
  Kind kind = Kind::kSay;
  std::string text;
  ErrorCode code = ErrorCode::kInternal;  ///< kFailed only.
};

/// One line with its line feed; line feeds inside become spaces.
[[nodiscard]] std::string format_status(const StatusLine& line);
[[nodiscard]] StatusLine parse_status(std::string_view untrusted_line);

/// The code that a number stands for; kInternal where it is none of ours.
[[nodiscard]] ErrorCode error_code_of(unsigned long number);

}  // namespace phase::boot
