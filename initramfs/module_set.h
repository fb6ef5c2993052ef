// initramfs/module_set.h
// Which kernel modules go into the initramfs, and in which order they load. Pure: the caller
// reads modules.dep and modules.builtin (both untrusted: they come out of a package).
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "proto/result.h"

namespace phase::initramfs {

inline constexpr std::size_t kMaxModulesDepBytes = 32 << 20;
inline constexpr std::size_t kMaxModules = 50'000;
inline constexpr std::size_t kMaxModulePathBytes = 512;

/// "kernel/drivers/net/virtio-net.ko.xz" is module "virtio_net": last part, without .ko and the
/// suffix of its compression, '-' as '_' (as modprobe names them). Empty for any other file.
[[nodiscard]] std::string module_name(std::string_view path);
/// Relative, printable, without empty, "." or ".." parts.
[[nodiscard]] bool valid_module_path(std::string_view path);

struct Module {
  std::string path;                ///< Relative to lib/modules/<release>.
  std::vector<std::string> needs;  ///< Names of modules, as modules.dep lists them.
};

struct ModuleIndex {
  std::map<std::string, Module> modules;  ///< By name.
};

/// kMalformed names the line and the rule: a path that leaves the tree, a file that is no module,
/// a module listed twice, a dependency that has no line of its own, or a limit.
[[nodiscard]] Result<ModuleIndex> parse_modules_dep(std::string_view untrusted);
/// What is part of the kernel image itself: paths by name, as modules.builtin lists them.
using Builtin = std::map<std::string, std::string>;
/// Lines that name no module are passed over.
[[nodiscard]] Builtin parse_modules_builtin(std::string_view untrusted);

struct ModuleChoice {
  std::vector<std::string> load_order;  ///< Names; each after everything that it needs.
  std::vector<std::string> builtin;     ///< Wanted, and part of the kernel image.
  std::vector<std::string> missing;     ///< Wanted, and this kernel has none of that name.
};

/// `wanted` and everything that they need, each once. Loops among dependencies end.
[[nodiscard]] ModuleChoice choose_modules(const ModuleIndex& index, const Builtin& builtin,
                                          const std::vector<std::string>& wanted);
/// True where a module of `choice`, packed or built in, stands in drivers/net/.
[[nodiscard]] bool has_nic_driver(const ModuleIndex& index, const Builtin& builtin,
                                  const ModuleChoice& choice);

/// Drivers of network cards that an initramfs gets unless --modules names others: virtual
/// machines, the clouds, and the usual cards of real ones.
[[nodiscard]] const std::vector<std::string>& default_nic_modules();
/// What the default set holds besides: buses and the packet sockets that DHCP needs.
[[nodiscard]] const std::vector<std::string>& default_bus_modules();
/// What a cache on a disk needs: drivers of disks, and the file systems that one may have.
[[nodiscard]] const std::vector<std::string>& default_storage_modules();

}  // namespace phase::initramfs
