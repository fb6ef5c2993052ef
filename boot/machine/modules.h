// boot/machine/modules.h
// Loads kernel modules, with what they depend on, by name and for the hardware that is there.
// Adapter over libkmod; only what exists below the module folder is loaded, and its index files
// modules.dep.bin and modules.alias.bin (depmod) must be there.
// Threads: one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proto/fd.h"
#include "proto/result.h"

namespace phase::boot {

struct ModulesReport {
  std::vector<std::string> loaded;    ///< Names, in order.
  std::vector<std::string> failures;  ///< One printable line each: which, why.
};

/// Without storage, no driver of a disk and no file system is ever loaded, whatever asks for it:
/// private mode. What is built into the kernel is there all the same.
enum class Storage : std::uint8_t { kAllowed, kNever };

/// Whether a module is a driver of disks or a file system, by where kernels keep it:
/// "kernel/drivers/block/virtio_blk.ko.xz". Pure.
[[nodiscard]] bool is_storage_module(std::string_view path);

class Modules {
 public:
  /// `folder` "": /lib/modules/<this kernel's release>. kNotFound where there is none.
  static Result<Modules> open(const std::string& folder = "", Storage storage = Storage::kAllowed);
  Modules(Modules&&) noexcept;
  Modules& operator=(Modules&&) noexcept;
  ~Modules();

  /// By name or modalias. A built-in or already loaded one is a success, kNotFound where the
  /// folder has none by that name, or Storage::kNever rules it or one that it needs out.
  Result<void> load(const std::string& name, ModulesReport& report);
  /// For every device that is there (/sys/bus/*/devices/*/modalias). An alias nobody here claims
  /// is no failure. Devices that appear by it come as uevents.
  void load_for_hardware(ModulesReport& report, const std::string& sysfs = "/sys");
  /// Takes the uevents that wait and loads for new devices. Returns how many were taken. After
  /// the socket overflowed it walks /sys once more.
  int handle_uevents(ModulesReport& report);
  /// Readable where a uevent waits (netlink, opened by open(), so none is missed in between);
  /// -1 where the kernel gives none.
  [[nodiscard]] int uevent_fd() const;

 private:
  struct State;
  explicit Modules(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace phase::boot
