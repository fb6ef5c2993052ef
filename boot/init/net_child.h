// boot/init/net_child.h
// Runs phase-net and listens to it: a process with no capability, a number of its own, limits,
// and one folder that it can write. Everything it says is untrusted. Threads: one.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "proto/ports.h"
#include "proto/result.h"

namespace phase::boot {

struct NetChildOptions {
  std::string program;
  std::vector<std::string> arguments;
  uid_t uid = 0;
  std::string folder;               ///< The one that it may write below.
  std::string trust, cache;         ///< What it reads; the cache's folder may be empty.
  std::uint64_t room = 0;           ///< No file larger than this, in bytes.
  std::optional<MonoTime> deadline; ///< None: its own timeouts have to do.
  std::function<void(const std::string&)> say;       ///< A line for people.
  std::function<void(const std::string&)> progress;  ///< A line that the next one replaces.
};

struct NetChildOutcome {
  /// The release's folder, by its word; or the error it gave, or how it ended without a word.
  Result<std::string> folder;
  std::vector<std::string> refusals;  ///< What it refused on the way, at most 32.
};

/// Returns once the child has ended; kTimeout at the deadline (it is killed then).
[[nodiscard]] NetChildOutcome run_net_child(const NetChildOptions& options, const Clock& clock);

}  // namespace phase::boot
