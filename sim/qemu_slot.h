// sim/qemu_slot.h
// At most two QEMU machines at a time on one computer: a third makes all of them too slow to be
// timed. The locks are flocks on files of QEMU's own package, so nothing is left behind and every
// sandbox sees the same ones.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "proto/result.h"

namespace phase::sim {

class QemuSlot {
 public:
  /// Waits until one of the two is free. kNotFound where QEMU is not installed. A process that
  /// holds both already would wait for itself: kUsage.
  static Result<std::unique_ptr<QemuSlot>> take();
  ~QemuSlot();
  QemuSlot(const QemuSlot&) = delete;
  QemuSlot& operator=(const QemuSlot&) = delete;

 private:
  QemuSlot(int fd, std::size_t number);
  int fd_;
  std::size_t number_;
};

}  // namespace phase::sim
