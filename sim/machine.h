// sim/machine.h
// A QEMU machine (x86_64) with its NIC on a tap and its serial console kept and watched: KVM
// where the CPU and the kernel offer it, software emulation else.
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

struct MachineOptions {
  std::string kernel;              ///< A vmlinuz.
  std::string initramfs;
  std::string command_line;
  std::uint64_t memory_mib = 512;
  std::string tap;                 ///< Network::add_tap(); empty: no NIC.
  std::string mac = "52:54:00:77:00:01";
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
  Result<ExitStatus> wait_for_end(std::chrono::milliseconds timeout) {
    return qemu_->wait(timeout);
  }
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
  std::unique_ptr<QemuSlot> slot_;  // Given back after the process ended: members go in reverse.
  std::unique_ptr<Process> qemu_;
};

}  // namespace phase::sim
