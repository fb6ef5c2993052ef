// sim/sandbox.h
// A world of its own for everything that simulation starts: network, mounts and processes.
//
// The calling process stays outside and only waits. The caller goes on in a new process whose
// network, mount and process namespaces are new: no address of the host is touched, and when the
// outer process ends for whatever reason (SIGKILL too), the kernel ends every process inside and
// with the last of them every namespace, link and mount. There is nothing to clean up.
//
// Threads: call it first thing in main(), before any other thread exists.
#pragma once

#include <sys/types.h>

#include <string>

#include "proto/result.h"

namespace phase::sim {

struct Sandbox {
  /// A folder on a tmpfs that only the sandbox sees, empty yet; TMPDIR is set to it.
  std::string scratch;
  /// The sandbox's first process as the host counts: `nsenter -t PID -a` looks inside, killing it
  /// ends everything inside.
  pid_t first_process = 0;
};

/// Returns inside. Needs root: kUsage names what is missing. The outer process passes SIGINT,
/// SIGTERM and SIGHUP on and exits with the status of the inner one (128 + signal where one
/// ended it).
[[nodiscard]] Result<Sandbox> enter_sandbox();

}  // namespace phase::sim
