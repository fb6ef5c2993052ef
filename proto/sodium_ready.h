// Starts libsodium before its first use. For the .cc files of proto/ only.
#pragma once

#include <sodium.h>

#include "proto/result.h"

namespace phase {

/// sodium_init() is thread-safe and may be called again; asking once a process is enough.
inline void sodium_ready() {
  static const bool ready = sodium_init() >= 0;
  check(ready, "libsodium cannot start: no source of randomness");
}

}  // namespace phase
