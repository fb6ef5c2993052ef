// node/password.h
// Passwords of an operator: from a file, from standard input, or typed on the terminal with its
// echo off. They stay in locked memory.
#pragma once

#include <string>

#include "proto/result.h"
#include "proto/secret_bytes.h"

namespace phase::node {

enum class Ask : std::uint8_t {
  kOnce,
  kTwice,  ///< For a new password: both must be the same.
};

/// `file`: the first line of a file, or of standard input where it is "-"; empty: the terminal of
/// this process is asked `prompt`. At most kMaxPassword bytes. kUsage where there is no terminal,
/// where the two differ, and for an empty password; kCancelled where the operator hung up.
[[nodiscard]] Result<SecretBytes> read_password(const std::string& file, const char* prompt,
                                                Ask ask);

}  // namespace phase::node
