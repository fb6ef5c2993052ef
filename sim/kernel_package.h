// sim/kernel_package.h
// A distribution's packaged kernel, unpacked and never installed. deploy/get-kernel.sh downloads
// the package; this takes it from there.
#pragma once

#include <string>

#include "proto/result.h"

namespace phase::sim {

struct KernelPackage {
  std::string package;  ///< The .deb.
  std::string vmlinuz;  ///< In the folder given.
  std::string release;  ///< `uname -r` of it.
};

/// Unpacks `package` into `folder`. kNotFound where there is no package, with how to get it.
[[nodiscard]] Result<KernelPackage> unpack_kernel(const std::string& package,
                                                  const std::string& folder);
/// The same of a package that was unpacked there before.
[[nodiscard]] Result<KernelPackage> find_kernel(const std::string& package,
                                                const std::string& folder);

}  // namespace phase::sim
