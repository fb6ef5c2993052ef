// proto/confine/seccomp.h
// Holds the calling process to a profile of system calls, for good: nothing lifts a filter, what
// the process starts inherits it, and one added later can only take more away.
// Threads: any; all threads of the process are held to it.
#pragma once

#include "proto/confine/profile.h"

namespace phase::confine {

/// no_new_privs must be set. False where the kernel takes no filter (errno says why): nothing has
/// changed then. Allocates nothing; kNone does nothing.
[[nodiscard]] bool apply(Profile profile);

}  // namespace phase::confine
