// boot/machine/answering_child.h
// A forked child that does one thing and answers with a few bytes, within a deadline.
// Threads: as child.h.
#pragma once

#include <functional>
#include <string>

#include "boot/machine/child.h"
#include "proto/ports.h"
#include "proto/result.h"

namespace phase::boot {

/// `work` runs in the child and finds what `confinement.descriptors` names under those numbers;
/// kAnswerDescriptor is not to be among them. What it returns comes back, at most `cap` bytes:
/// untrusted, since the child read what is untrusted. kTimeout: the child was killed; where the
/// kernel holds it in a system call (a disk that does not answer) it is not waited for, and PID 1
/// reaps it once it ends. kInternal: it could not be started, or died.
inline constexpr int kAnswerDescriptor = 3;
[[nodiscard]] Result<std::string> ask_child(const std::function<std::string()>& work,
                                            Confinement confinement, std::size_t cap,
                                            MonoTime deadline, const Clock& clock);

}  // namespace phase::boot
