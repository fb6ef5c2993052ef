// proto/confine/landlock.h
// Holds the calling thread, and what it starts, to named parts of the file system (Linux 5.13 and
// later, where the kernel was started with it): whatever the files' modes say, nothing else can be
// opened, made, removed, renamed or executed. Descriptors that are open stay as they are.
// Threads: the caller's alone, so call it before there are others.
#pragma once

#include <string>
#include <vector>

namespace phase::confine {

/// Files, or folders with all that is below them. What is not there gets no right and is no error.
struct FileRules {
  std::vector<std::string> read;
  std::vector<std::string> execute;  ///< Read too.
  std::vector<std::string> write;    ///< Everything but executing and making devices.
};

enum class Landlock : unsigned char {
  kApplied,
  kMissing,  ///< This kernel has none, or an older one (5.13 to 5.18) that forbids every rename
             ///< between folders, which a store needs; nothing has changed.
  kFailed,   ///< It has, and refused; errno says why.
};

/// no_new_privs must be set.
[[nodiscard]] Landlock apply(const FileRules& rules);

}  // namespace phase::confine
