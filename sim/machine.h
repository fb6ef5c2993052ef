// sim/machine.h
// A QEMU machine (x86_64) with its NIC on a tap, its disks in files and its serial console kept
// and watched: KVM where the CPU and the kernel offer it, software emulation else.
//
// Threads: as Process. A machine is switched off by the destructor, without notice.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proto/result.h"
#include "sim/process.h"
#include "sim/qemu_slot.h"

namespace phase::sim {

/// A /dev/kvm that exists and does not work hangs QEMU, so the CPU's flags are asked too.
[[nodiscard]] bool kvm_works();

/// A virtio disk with a volatile write cache, as real ones have: what the guest has not flushed
/// may be lost. So the guest has to flush, or it fails as it would on a real disk.
///
/// But a file alone cannot show that. Whatever QEMU has written is in the host's page cache, and
/// killing QEMU leaves it there: such a disk loses nothing that it took. Where `write_log` is named,
/// QEMU keeps every write and flush there in order; sim/power_cut.h makes of it the disks that a
/// power cut can leave.
struct MachineDisk {
  std::string image;               ///< Raw, e.g. of a Disk.
  std::string write_log;           ///< Replaced; empty: none.
  bool read_only = false;
};

struct MachineOptions {
  /// A vmlinuz. Empty: the machine has nothing, and boots by the iPXE ROM of its network card.
  std::string kernel;
  std::string initramfs;
  std::string command_line;
  std::uint64_t memory_mib = 512;
  std::string tap;                 ///< Network::add_tap(); empty: no NIC.
  std::string mac = "52:54:00:77:00:01";
  std::vector<MachineDisk> disks;  ///< vda, vdb, …
  std::string console_log;         ///< Everything that the console says; empty: nowhere.
  std::function<void(std::string_view)> on_line;  ///< Each console line, by another thread.
  std::vector<std::string> more_arguments;        ///< For QEMU.
};

class Machine {
 public:
  /// Powers on. May wait for a slot, see qemu_slot.h.
  static Result<std::unique_ptr<Machine>> power_on(MachineOptions options);

  Result<LineMatch> wait_for_line(const std::string& pattern, std::chrono::milliseconds timeout,
                                  std::uint64_t from = 0) {
    return qemu_->wait_for_line(pattern, timeout, from);
  }
  /// Until the machine powers itself off or resets (QEMU ends in both cases).
  Result<ExitStatus> wait_for_end(std::chrono::milliseconds timeout);
  /// As if somebody pulled the mains plug: QEMU is killed and gone when this returns.
  Result<void> cut_power();
  [[nodiscard]] bool running() const { return qemu_->running(); }
  [[nodiscard]] std::vector<std::string> lines_matching(const std::string& pattern) const {
    return qemu_->lines_matching(pattern);
  }
  [[nodiscard]] std::string last_lines(std::size_t count) const {
    return qemu_->last_lines(count);
  }
  [[nodiscard]] pid_t pid() const { return qemu_->pid(); }
  /// For Shell::await.
  [[nodiscard]] Process& console() { return *qemu_; }

 private:
  Machine() = default;
  std::unique_ptr<QemuSlot> slot_;  // Given back once the process ended: members go in reverse.
  std::unique_ptr<Process> qemu_;
};

}  // namespace phase::sim
