// boot/machine/child.h
// Starts a process with exactly the privileges, descriptors, limits and environment named, and
// no others. Adapter over fork, exec, prctl and capset. What each child of PID 1 is started with is one
// page, boot/machine/child_rights.h.
// Threads: call from a program with one thread (PID 1 is one): fork_child runs C++ after fork.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proto/confine/landlock.h"
#include "proto/confine/profile.h"
#include "proto/fd.h"
#include "proto/ports.h"
#include "proto/result.h"

namespace phase::boot {

struct Confinement {
  uid_t uid = 0;                  ///< 0 keeps root's number, not its capabilities.
  gid_t gid = 0;                  ///< Supplementary groups are always dropped.
  std::vector<int> capabilities;  ///< CAP_* that stay (ambient, so across exec); all others go.
  bool keep_all_capabilities = false;  ///< For a rescue shell; uid must be 0.
  bool new_network_namespace = false;  ///< One without any interface but a downed lo.
  /// {ours, the child's number}. 0, 1 and 2 are /dev/null unless named here. All others close.
  std::vector<std::pair<int, int>> descriptors;
  std::vector<std::pair<int, rlim_t>> limits;  ///< {RLIMIT_*, hard and soft}.
  std::string working_directory = "/";
  bool new_session = true;
  bool die_with_parent = true;    ///< SIGKILL when the starting process ends.
  /// Landlock, where the kernel has it: what can be opened whatever its mode says. None: anything.
  /// A program, its loader and its libraries have to be among what can be executed.
  std::optional<confine::FileRules> files;
  /// System calls, from the last step before the body or the program on.
  confine::Profile profile = confine::Profile::kNone;
};

/// Whoever holds it reaps it: try_wait, wait_until or kill_and_reap. Nothing is killed by itself.
struct Child {
  Child() = default;
  Child(Child&& other) noexcept
      : pid(std::exchange(other.pid, -1)), pidfd(std::move(other.pidfd)) {}
  Child& operator=(Child&& other) noexcept {
    pid = std::exchange(other.pid, -1);
    pidfd = std::move(other.pidfd);
    return *this;
  }

  pid_t pid = -1;  ///< -1 once reaped.
  Fd pidfd;        ///< Readable once it has ended.
};

/// Runs `program` with exactly `arguments` (argv[0] is added: the program's path) and
/// `environment` ("NAME=value" each). no_new_privs is always set. Returns once exec succeeded:
/// an Error (kInternal, kNotFound) names the step that failed, and no process is left then.
[[nodiscard]] Result<Child> spawn(const std::string& program,
                                  const std::vector<std::string>& arguments,
                                  const std::vector<std::string>& environment,
                                  const Confinement& confinement);

/// The same for a function of ours; the child ends with _exit(body()) and runs no destructors of
/// the parent. Returns once the child is confined, before body() has ended.
[[nodiscard]] Result<Child> fork_child(const std::function<int()>& body,
                                       const Confinement& confinement);

/// Exit status as shells count it (128 + signal), once the child has ended; none while it runs.
/// Reaps it.
[[nodiscard]] std::optional<int> try_wait(Child& child);
/// SIGKILL, then reaps; may wait for a process that the kernel holds in a system call.
void kill_and_reap(Child& child);
/// Waits until `deadline`; none: still running then.
[[nodiscard]] std::optional<int> wait_until(Child& child, MonoTime deadline);

}  // namespace phase::boot
