// initramfs/module_pack.h
// The modules that go into the archive, uncompressed, and the index files that libkmod reads,
// made by depmod for exactly these modules.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "initramfs/kernel_package.h"
#include "initramfs/module_set.h"
#include "proto/bytes.h"
#include "proto/result.h"

namespace phase::initramfs {

inline constexpr std::uint64_t kMaxModuleBytes = 256ULL << 20;

struct PackedModules {
  ModuleChoice choice;
  std::map<std::string, Bytes> modules;  ///< By path in the archive, "/lib/modules/...".
  std::map<std::string, Bytes> indexes;  ///< The same, modules.dep.bin and so on.
};

/// `wanted` module names of `kernel` for `machine` (as ElfImage::machine). `work` is an empty
/// folder. kNotFound: no driver of a network card among them. kWrongArch: a module is for another
/// machine.
[[nodiscard]] Result<PackedModules> pack_modules(const KernelTree& kernel,
                                                 const std::string& machine,
                                                 const std::vector<std::string>& wanted,
                                                 const std::string& work);

}  // namespace phase::initramfs
