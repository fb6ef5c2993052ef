// What a process that gave up rights can still do: a body runs in a fork of the test.
#pragma once

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>

#include "proto/confine/seccomp.h"

namespace phase::test {

inline constexpr int kNotApplied = 119;

/// Exit status of `body` as shells count it (128 + signal), after no_new_privs and `prepare`.
inline int in_child(const std::function<bool()>& prepare, const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !prepare()) _exit(kNotApplied);
    _exit(body());
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

inline int held_to(confine::Profile profile, const std::function<int()>& body) {
  return in_child([profile] { return confine::apply(profile); }, body);
}

}  // namespace phase::test
