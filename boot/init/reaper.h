// boot/init/reaper.h
// Timed waits of PID 1 that reap what ends meanwhile: orphans of every process become its
// children. Only between other waits: machine/child.h reaps its own.
#pragma once

#include "boot/machine/child.h"
#include "proto/fd.h"
#include "proto/ports.h"

namespace phase::boot {

class Reaper {
 public:
  /// Blocks SIGCHLD in this process and listens for it. Children start with nothing blocked
  /// (machine/child.h).
  Reaper();

  /// Reaps every ended process but `own` (may be null), whose status its owner wants.
  void reap(const Child* own = nullptr);
  /// Until `deadline`, reaping.
  void pause(MonoTime deadline, const Clock& clock);
  /// Readable where a child ended.
  [[nodiscard]] int fd() const { return signals_.get(); }
  /// After fd() was readable.
  void drain();

 private:
  Fd signals_;
};

}  // namespace phase::boot
